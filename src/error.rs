//! Every way to say no: one table of stable codes with their sentences in Vietnamese and English. Knows nothing of HTTP.

use std::borrow::Cow;

use serde::Serialize;

/// What sort of refusal a code is; the server turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// Nobody proved who is asking.
    Unauthenticated,
    /// The asker may see it, but not do it.
    Forbidden,
    /// There is no such thing, or the asker may not know of it.
    Missing,
    /// The path exists, the method does not.
    WrongMethod,
    /// Somebody or something else was there first, or the move is not legal now.
    Conflict,
    /// The version named in `If-Match` is no longer the newest.
    Stale,
    /// The body is larger than this call takes.
    TooLarge,
    /// The body is of a kind this call does not read.
    WrongMediaType,
    /// Readable, but a rule says no.
    Refused,
    /// `If-Match` is missing where it is needed.
    Unconditional,
    /// Too many requests from there.
    TooMany,
    /// Our own fault.
    Internal,
    /// Not now; try again.
    Unavailable,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Vietnamese, with all its marks.
    pub vi: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

/// Makes a [`Text`] from two literals or strings.
pub fn text(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Text {
    Text { vi: vi.into(), en: en.into() }
}

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $kind:ident, $vi:literal, $en:literal;)+) => {
        /// Stable codes of refusals, for whole requests and for single fields.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$meta])* #[doc = $en] $variant),+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What sort of refusal it is.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),+ }
            }

            /// The sentence for people, when nothing more exact is known.
            #[must_use]
            pub const fn sentence(self) -> Text {
                match self { $(Self::$variant => Text { vi: Cow::Borrowed($vi), en: Cow::Borrowed($en) }),+ }
            }
        }
    };
}

codes! {
    // The request as such.
    MalformedRequest = "malformed_request", Malformed, "Yêu cầu không đọc được", "The request cannot be read";
    MalformedBody = "malformed_body", Malformed, "Nội dung gửi lên không đúng định dạng JSON của lệnh này", "The body does not fit this call";
    MalformedQuery = "malformed_query", Malformed, "Tham số trên đường dẫn không hợp lệ", "The query parameters do not fit this call";
    UnknownField = "unknown_field", Malformed, "Trường này không có trong lệnh; hãy bỏ đi hoặc sửa lại tên", "This call has no such field; remove it or correct its name";
    MissingField = "missing_field", Malformed, "Thiếu trường bắt buộc", "A required field is missing";
    InvalidValue = "invalid_value", Malformed, "Giá trị không đúng kiểu hoặc không nằm trong danh sách cho phép", "The value has the wrong type or is not one of those allowed";
    InvalidCursor = "invalid_cursor", Malformed, "Con trỏ trang hoặc giới hạn không hợp lệ (limit từ 1 đến 200)", "The cursor or limit is not valid (limit is 1 to 200)";
    InvalidHeader = "invalid_header", Malformed, "Tiêu đề của yêu cầu không hợp lệ", "A request header is not valid";
    NotFound = "not_found", Missing, "Không tìm thấy", "Not found";
    MethodNotAllowed = "method_not_allowed", WrongMethod, "Đường dẫn này không có phương thức đó", "This path does not have that method";
    BodyTooLarge = "body_too_large", TooLarge, "Nội dung gửi lên quá lớn", "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", WrongMediaType, "Hãy gửi nội dung dạng application/json", "Send the body as application/json";
    // Who is asking.
    Unauthenticated = "unauthenticated", Unauthenticated, "Bạn cần đăng nhập, hoặc phiên đăng nhập đã hết hạn", "Sign in first, or sign in again";
    Forbidden = "forbidden", Forbidden, "Bạn không có quyền làm việc này", "You are not allowed to do this";
    NetworkNotAllowed = "network_not_allowed", Forbidden, "Hệ thống kết nối này chỉ được gọi từ các mạng đã khai báo; hãy nhờ quản trị viên thêm mạng đang dùng vào allowed_networks", "This client may call from its allowed networks only; ask the administrator to add the one it calls from";
    WrongPassword = "wrong_password", Refused, "Mật khẩu hiện tại không đúng", "The current password is not right";
    WeakPassword = "weak_password", Refused, "Mật khẩu mới phải có từ 12 đến 128 ký tự và khác tên đăng nhập", "The new password needs 12 to 128 characters and must differ from the username";
    PasswordsOff = "passwords_off", Conflict, "Hệ thống chỉ cho đăng nhập qua cổng định danh của thành phố nên không dùng mật khẩu riêng", "People sign in through the city's identity provider only, so there are no passwords here";
    SignOnExpired = "sign_on_expired", Malformed, "Lần đăng nhập này đã dùng, đã quá 10 phút hoặc không phải của trình duyệt này; hãy bắt đầu đăng nhập lại", "This sign-on was used, is older than 10 minutes, or is not this browser's; begin again";
    SignOnRefused = "sign_on_refused", Forbidden, "Cổng định danh không xác nhận được bạn là người có tài khoản đang hoạt động ở đây; hãy liên hệ quản trị viên của phường", "The identity provider does not confirm you as somebody with an active account here; ask the ward's administrator";
    SignOnUnavailable = "sign_on_unavailable", Unavailable, "Cổng định danh đang không truy cập được; hãy thử lại sau ít phút", "The identity provider cannot be reached; try again in a few minutes";
    TooManyRequests = "too_many_requests", TooMany, "Quá nhiều yêu cầu; hãy chờ rồi thử lại", "Too many requests; wait, then try again";
    // Two at once.
    VersionMissing = "if_match_required", Unconditional, "Hãy gửi kèm tiêu đề If-Match với ETag vừa đọc", "Send If-Match with the ETag you last read";
    VersionStale = "version_stale", Stale, "Dữ liệu đã được người khác sửa; hãy đọc lại rồi thử lại", "Somebody changed it meanwhile; read it again, then retry";
    RevisionStale = "revision_stale", Conflict, "Báo cáo đã sang bản khác; hãy đọc lại rồi quyết định", "The submission has moved to another revision; read it again, then decide";
    ConcurrentChange = "concurrent_change", Conflict, "Người khác vừa thay đổi; hãy đọc lại rồi thử lại", "Somebody was faster; read it again, then retry";
    IdempotencyKeyReused = "idempotency_key_reused", Refused, "Idempotency-Key này đã dùng cho một yêu cầu khác", "This Idempotency-Key was used for a different request";
    IdempotencyInProgress = "idempotency_in_progress", Conflict, "Yêu cầu với Idempotency-Key này đang được xử lý", "A request with this Idempotency-Key is being handled";
    // Content of any kind.
    Invalid = "invalid", Refused, "Một số trường chưa đúng; xem chi tiết từng trường", "Some fields are not right; see each of them";
    Required = "required", Refused, "Cần điền trường này", "This field is needed";
    NotApplicableHere = "not_applicable_here", Refused, "Trường này không dùng cho loại này; hãy bỏ đi", "This field does not belong here; remove it";
    TooLong = "too_long", Refused, "Nội dung quá dài", "The text is too long";
    OutOfRange = "out_of_range", Refused, "Giá trị nằm ngoài khoảng cho phép", "The value is out of range";
    UnknownReference = "unknown_reference", Refused, "Không có đối tượng này trong phường, kế hoạch hoặc danh mục", "There is no such thing in this ward, plan or list";
    ControlCharacter = "control_character", Refused, "Nội dung có ký tự điều khiển; hãy gõ lại bằng Unicode", "The text holds control characters; type it again in Unicode";
    AmbiguousNumber = "ambiguous_number", Refused, "Số này có thể hiểu theo hai cách; hãy gõ không có dấu ngăn hàng nghìn", "This number can be read in two ways; type it without a group mark";
    UnreadableSheet = "unreadable_sheet", Refused, "Không đọc được bảng tính; hãy lưu lại dạng .xlsx hoặc .csv (UTF-8) rồi gửi lại", "The spreadsheet cannot be read; save it as .xlsx or .csv (UTF-8) and send it again";
    LegacyEncoding = "legacy_encoding", Refused, "Tệp dùng bảng mã cũ (TCVN3, VNI…); hãy lưu lại dạng UTF-8", "The file uses a legacy encoding; save it as UTF-8";
    TooManyRows = "too_many_rows", Refused, "Quá nhiều dòng trong một lần gửi", "Too many rows in one call";
    CodeTaken = "code_taken", Conflict, "Mã này đã được dùng", "This code is taken";
    UsernameTaken = "username_taken", Conflict, "Tên đăng nhập này đã được dùng", "This username is taken";
    InUse = "in_use", Conflict, "Đang được nơi khác dùng, không xóa được", "It is in use and cannot be deleted";
    // Units and accounts.
    RoleNotForUnit = "role_not_for_unit", Refused, "Vai trò này không dành cho loại đơn vị đó", "This role does not go with that kind of unit";
    LastAdmin = "last_admin", Conflict, "Phường phải còn ít nhất một quản trị viên đang hoạt động", "A ward keeps at least one active administrator";
    StandingOfficeTaken = "standing_office_taken", Conflict, "Phường đã có cơ quan thường trực", "The ward already has a standing office";
    UnitNotActive = "unit_not_active", Refused, "Đơn vị chưa hoạt động hoặc đã kết thúc hoạt động vào ngày này", "The unit is not active yet, or no longer, on this day";
    ItemLeftWithout = "item_left_without_unit", Refused, "Mục này chưa có đơn vị mới nào nhận; hãy giao cho ít nhất một đơn vị", "No new unit takes this item; give it to at least one";
    UnknownScope = "unknown_scope", Refused, "Phạm vi quyền không có hoặc không cấp được ở đây", "There is no such scope, or it cannot be granted here";
    // Webhooks.
    InvalidUrl = "invalid_url", Refused, "Cần một địa chỉ https đầy đủ, không kèm tên đăng nhập, mật khẩu hay phần sau dấu #", "A complete https URL is needed, without username, password or fragment";
    AddressNotAllowed = "address_not_allowed", Refused, "Địa chỉ này nằm trong mạng nội bộ hoặc mạng dành riêng; hãy dùng địa chỉ công khai, hoặc đề nghị người vận hành cho phép mạng đó", "This address is in a private or reserved network; use a public one, or ask the operator to allow that network";
    TooManyWebhooks = "too_many_webhooks", Conflict, "Máy khách đã có đủ số đăng ký nhận tin; hãy xóa bớt một đăng ký", "This client has as many webhooks as it may; delete one first";
    WebhookInactive = "webhook_inactive", Conflict, "Đăng ký nhận tin đang tắt; hãy bật lại (active: true) rồi thử lại", "The webhook is not active; set active to true, then retry";
    // Plans.
    PlanYearTaken = "plan_year_taken", Conflict, "Phường đã có kế hoạch cho năm này", "The ward already has a plan for this year";
    PlanNotDraft = "plan_not_draft", Conflict, "Kế hoạch đã ban hành; muốn thay đổi phải qua điều chỉnh kế hoạch", "The plan is issued; it changes only by amendment";
    PlanNotIssued = "plan_not_issued", Conflict, "Kế hoạch chưa ban hành hoặc đã đóng", "The plan is not issued, or is closed";
    PlanIncomplete = "plan_incomplete", Refused, "Kế hoạch chưa đủ để ban hành", "The plan is not complete enough to be issued";
    ImportRejected = "import_rejected", Refused, "Tệp còn dòng chưa đúng nên không dòng nào được lưu; hãy sửa từng dòng rồi gửi lại", "Some rows of the file are not right, so none was kept; correct them and send it again";
    HeadingMissing = "heading_missing", Refused, "Không thấy dòng tiêu đề của bảng: cần ít nhất các cột TT, Nội dung và Cơ quan chủ trì trong 20 dòng đầu", "The table's headings were not found: TT, Nội dung and Cơ quan chủ trì at least, in the first 20 rows";
    ItemNotLeaf = "item_not_leaf", Refused, "Chỉ chỉ tiêu và nhiệm vụ cuối cùng mới được giao và báo cáo", "Only leaves of kind indicator or task are assigned and reported on";
    ItemHasChildren = "item_has_children", Conflict, "Mục này còn mục con", "The item still has children";
    ItemWithdrawn = "item_withdrawn", Refused, "Mục này đã được đưa ra khỏi kế hoạch theo quyết định điều chỉnh", "An amendment withdrew this item from the plan";
    AmendmentNotDraft = "amendment_not_draft", Conflict, "Quyết định điều chỉnh đã được duyệt nên không sửa, xóa hay duyệt lại được", "The amendment is approved; it cannot be changed, deleted or approved again";
    AmendmentTooEarly = "effective_too_early", Refused, "Ngày hiệu lực phải sau ngày chốt của kỳ đã khóa sổ hoặc đã công bố", "The effective date must come after the cut-off of every period that is closed or published";
    PeriodsExist = "periods_exist", Conflict, "Kế hoạch đã có lịch kỳ báo cáo với cơ sở khác; không trộn hai cơ sở", "The plan already has periods on another basis; the two are never mixed";
    PeriodCodeTaken = "period_code_taken", Conflict, "Kế hoạch đã có kỳ mang mã này", "The plan already has a period of this code";
    PeriodInUse = "period_in_use", Conflict, "Kỳ đã có báo cáo được nộp; không đổi được cửa sổ số liệu", "Figures were submitted in this period; its data window is fixed";
    DueTooEarly = "due_too_early", Refused, "Hạn nộp phải sau ngày chốt số liệu ít nhất một ngày làm việc", "The due time must be at least one working day after the cut-off";
    UnitPlanExists = "unit_plan_exists", Conflict, "Đơn vị đã có kế hoạch thực hiện kế hoạch này; hãy mở kế hoạch đó", "The unit already has its plan for this plan; open that one";
    UnitPlanIssued = "unit_plan_issued", Conflict, "Kế hoạch của đơn vị đã ban hành nên không sửa được", "The unit's plan is issued and no longer changes";
    // Submissions.
    SubmissionExists = "submission_exists", Conflict, "Đơn vị đã có báo cáo cho chỉ tiêu này trong kỳ; hãy mở báo cáo đó", "This unit already has a submission for this item and period; open that one";
    NotAssigned = "not_assigned", Refused, "Đơn vị không được giao báo cáo mục này", "This item is not assigned to the unit";
    NotDraft = "not_editable", Conflict, "Chỉ sửa được khi báo cáo ở trạng thái nháp hoặc bị trả lại", "A submission can be changed only as a draft or after its return";
    EverSubmitted = "ever_submitted", Conflict, "Báo cáo đã từng được gửi nên không xóa được", "A submission that was ever submitted cannot be deleted";
    IllegalMove = "illegal_move", Conflict, "Bước này không hợp lệ với trạng thái hiện tại", "This move is not legal in the present state";
    NotYourStep = "not_your_step", Forbidden, "Bước này thuộc người hoặc đơn vị khác", "This step belongs to somebody else";
    ActedBefore = "acted_before", Forbidden, "Mỗi người chỉ làm một bước với một bản báo cáo; bạn đã tham gia bản này", "One person acts once on a revision, and you already have";
    OwnWork = "own_work", Forbidden, "Người được ủy quyền không xử lý việc của chính mình hoặc của đơn vị mình", "A delegate does not act on own work, nor on that of the own unit";
    DelegationExpired = "delegation_expired", Forbidden, "Ủy quyền đã hết hạn, đã thu hồi hoặc chưa đến ngày hiệu lực", "The delegation has expired, was taken back, or has not begun";
    BatchRejected = "batch_rejected", Refused, "Có dòng không hợp lệ nên không dòng nào được lưu; hãy sửa các dòng nêu dưới đây rồi gửi lại", "Some rows are not right, so none was kept; correct those named below and send all again";
    DuplicateRow = "duplicate_row", Refused, "Dòng này trùng với một dòng trên; hãy bỏ bớt một dòng", "This row repeats one above; remove one of the two";
    NothingSelected = "nothing_selected", Refused, "Hãy nêu báo cáo cần xử lý: danh sách submission_ids, hoặc kỳ, có thể kèm lĩnh vực hay đơn vị", "Say which submissions: submission_ids, or a period, with a field or unit if wanted";
    ReasonRequired = "reason_required", Refused, "Cần nêu lý do", "A reason is needed";
    PeriodNotOpen = "period_not_open", Conflict, "Kỳ báo cáo chưa mở để gửi", "The period is not open for submitting yet";
    PeriodClosed = "period_closed", Conflict, "Kỳ báo cáo đã đóng", "The period is closed";
    ContentIncomplete = "content_incomplete", Refused, "Báo cáo chưa đủ nội dung để gửi", "The content is not complete enough to submit";
    NumeratorTooLarge = "numerator_exceeds_denominator", Refused, "Tử số không được lớn hơn mẫu số", "The numerator must not exceed the denominator";
    RateMismatch = "rate_mismatch", Refused, "Tỷ lệ gửi kèm lệch quá 0,01 điểm so với tỷ lệ tính từ tử số và mẫu số", "The rate sent differs by more than 0.01 points from the one computed";
    ExplanationRequired = "explanation_required", Refused, "Chỉ tiêu chưa đạt: cần giải trình nguyên nhân, diễn biến, cách khắc phục và ngày hoàn thành mới", "A target is missed: explain the cause, what happened, the remedy and the new date";
    SurveyRequired = "survey_required", Refused, "Số liệu hài lòng phải kèm công cụ khảo sát, cỡ mẫu và thời gian khảo sát", "A satisfaction figure names its instrument, sample size and dates";
    // Tracking.
    NothingOwed = "nothing_owed", Refused, "Không còn số liệu nào phải nộp trong kỳ này mà chưa nộp; không cần đôn đốc", "Nothing is owed and unsubmitted here in this period; there is nothing to remind of";
    // Evidence.
    UnsupportedFileKind = "unsupported_file_kind", WrongMediaType, "Chỉ nhận tệp PDF, DOCX, XLSX, JPG, PNG không đặt mật khẩu; hãy lưu lại ở một trong các dạng đó rồi gửi lại", "Only PDF, DOCX, XLSX, JPG and PNG files without a password are taken; save it as one of these and send it again";
    FileKindMismatch = "file_kind_mismatch", Refused, "Tên hoặc kiểu của tệp không khớp với nội dung; hãy kiểm tra lại tệp", "The file's name or type does not fit what is in it; check the file";
    FileHasMacros = "file_has_macros", Refused, "Tệp có macro; hãy lưu lại dạng DOCX hoặc XLSX không macro rồi gửi lại", "The file holds macros; save it as DOCX or XLSX without macros and send it again";
    EmptyFile = "empty_file", Refused, "Tệp rỗng; hãy chọn lại tệp", "The file is empty; choose it again";
    UploadBroken = "upload_broken", Malformed, "Tệp chưa gửi lên hết; hãy gửi lại", "The upload broke off; send it again";
    DocumentExists = "document_exists", Conflict, "Đơn vị đã có tệp này trong kho; hãy dùng tài liệu đó", "The unit already has this file in the library; use that document";
    StorageUnavailable = "storage_unavailable", Unavailable, "Kho tệp đang không truy cập được hoặc đã đầy; hãy thử lại sau và báo quản trị viên nếu còn lặp lại", "The file storage cannot be reached or is full; try again later, and tell the administrator if it persists";
    // What is said about figures.
    NeverSubmitted = "never_submitted", Conflict, "Số liệu này chưa từng được gửi; chờ đơn vị gửi rồi mới yêu cầu giải trình hoặc kết luận", "This figure was never submitted; wait until the unit submits it";
    AlreadyAnswered = "already_answered", Conflict, "Yêu cầu giải trình này đã được trả lời; câu trả lời không thay đổi được", "This request is answered already, and the answer stays as it is";
    // Batches.
    UnknownColumn = "unknown_column", Refused, "Không có cột mang tiêu đề này; hãy sửa tiêu đề hoặc xóa cột", "No column has this heading; correct it or remove the column";
    // Publications.
    NothingToPublish = "nothing_to_publish", Conflict, "Kỳ này chưa có số liệu mới được duyệt để công bố", "Nothing new is approved in this period";
    AlreadyWithdrawn = "already_withdrawn", Conflict, "Lần công bố này đã được rút", "This publication is already withdrawn";
    CursorUnknown = "cursor_unknown", Conflict, "Không tiếp tục được từ con trỏ này: dữ liệu đã được khôi phục từ bản sao lưu, hoặc phạm vi được đọc đã đổi; hãy xóa bản sao đang giữ và đọc lại từ đầu, không kèm after", "The feed cannot go on from this cursor: the data was restored from a backup, or what the caller may read has changed; empty your copy and start again from the beginning, without after";
    // Ourselves.
    Internal = "internal", Internal, "Hệ thống gặp lỗi; hãy thử lại và báo kèm mã yêu cầu nếu còn lặp lại", "Something failed on our side; retry, and report the request id if it persists";
    Busy = "busy", Unavailable, "Hệ thống đang bận; hãy thử lại sau giây lát", "The system is busy; try again in a moment";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// Why it is refused.
    pub code: Code,
    /// What to do about it.
    pub detail: Text,
}

impl FieldError {
    /// A fault with the code's own sentence.
    pub fn new(pointer: impl Into<String>, code: Code) -> Self {
        Self::because(pointer, code, code.sentence())
    }

    /// A fault with a sentence of its own.
    pub fn because(pointer: impl Into<String>, code: Code, detail: Text) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}

/// A refusal, or a failure of our own.
#[derive(Debug)]
pub struct Error {
    /// Why.
    pub code: Code,
    /// What to tell the person.
    pub detail: Text,
    /// The fields at fault, if it is about content.
    pub fields: Vec<FieldError>,
    /// The moves that are legal now, if it was about a move.
    pub allowed_actions: Option<Vec<&'static str>>,
    /// Where the thing is that stands in the way.
    pub link: Option<String>,
    /// What happened inside; for the log, never for the caller.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal in the code's own words.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self::because(code, code.sentence())
    }

    /// A refusal in more exact words.
    #[must_use]
    pub fn because(code: Code, detail: Text) -> Self {
        Self { code, detail, fields: Vec::new(), allowed_actions: None, link: None, cause: None }
    }

    /// There is no such thing, or the caller may not know of it.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A failure of our own; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Code::Internal) }
    }

    /// One field at fault.
    #[must_use]
    pub fn field(pointer: impl Into<String>, code: Code) -> Self {
        Self::fields(Code::Invalid, vec![FieldError::new(pointer, code)])
    }

    /// Several fields at fault.
    #[must_use]
    pub fn fields(code: Code, fields: Vec<FieldError>) -> Self {
        Self { fields, ..Self::new(code) }
    }

    /// The same refusal, with the moves that are legal now.
    #[must_use]
    pub fn allowing(mut self, actions: Vec<&'static str>) -> Self {
        self.allowed_actions = Some(actions);
        self
    }

    /// The same refusal, with the path of what stands in the way.
    #[must_use]
    pub fn linking(mut self, path: impl Into<String>) -> Self {
        self.link = Some(path.into());
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail.en)?;
        for field in &self.fields {
            write!(f, "; {} {}", field.pointer, field.code.as_str())?;
        }
        if let Some(cause) = &self.cause {
            write!(f, " ({cause})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Gathers the faults of one body, so that a clerk sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// No fault yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault in the code's own words.
    pub fn add(&mut self, pointer: impl Into<String>, code: Code) {
        self.0.push(FieldError::new(pointer, code));
    }

    /// Notes a fault in words of its own.
    pub fn add_because(&mut self, pointer: impl Into<String>, code: Code, detail: Text) {
        self.0.push(FieldError::because(pointer, code, detail));
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults themselves.
    #[must_use]
    pub fn into_fields(self) -> Vec<FieldError> {
        self.0
    }

    /// All well, or one error that carries every fault.
    ///
    /// # Errors
    /// `code` with the faults, if there are any.
    pub fn into_result(self, code: Code) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::fields(code, self.0)) }
    }

    /// Checks a text that people wrote: length in characters after NFC, and no control characters.
    pub fn check_text(&mut self, pointer: &str, text: &str, min: usize, max: usize) {
        let length = text.chars().count();
        if length < min {
            self.add(pointer, Code::Required);
        } else if length > max {
            self.add_because(
                pointer,
                Code::TooLong,
                self::text(
                    format!("Tối đa {max} ký tự, đang có {length}"),
                    format!("At most {max} characters, found {length}"),
                ),
            );
        }
        if crate::kernel::text::has_control(text) {
            self.add(pointer, Code::ControlCharacter);
        }
    }
}
