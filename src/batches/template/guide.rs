//! The second sheet of a form: how to fill it in, in a clerk's words.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

const LINES: &[&str] = &[
    "1. Chỉ nhập vào các ô nền vàng ở trang “Số liệu”. Các ô khác đã khóa; không thêm, xóa hay đổi tên cột.",
    "2. Chỉ tiêu tỷ lệ: nhập tử số và mẫu số, hệ thống tự tính tỷ lệ. Không phát sinh trường hợp nào thì nhập 0 và 0.",
    "3. Số lẻ gõ 98,5 hoặc 98.5. Không gõ dấu ngăn hàng nghìn: gõ 1234, không gõ 1.234.",
    "4. Chỉ tiêu “nếu có”: chọn Áp dụng hoặc Không áp dụng; nếu không áp dụng thì nêu lý do.",
    "5. Nhiệm vụ: chọn tiến độ, nhập phần trăm hoàn thành và số, ngày của sản phẩm (nếu có).",
    "6. Chỉ tiêu chưa đạt: điền nguyên nhân, diễn biến, cách khắc phục và ngày hoàn thành mới.",
    "7. Ô để trống thì giữ nguyên số đã có trên hệ thống. Dòng để trống hoàn toàn được bỏ qua.",
    "8. Dòng nền xám đã gửi đi nên không sửa được ở đây; muốn sửa phải rút lại hoặc được trả lại.",
    "9. Lưu tệp dạng .xlsx rồi gửi lại. Nên kiểm tra trước (dry_run) để xem lỗi từng dòng; gửi xong số liệu là bản nháp, \
     thủ trưởng đơn vị còn phải gửi chính thức.",
];

/// Writes the instructions.
pub(super) fn write_guide(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("Hướng dẫn")?.set_column_width(0, 110)?;
    sheet.write_string_with_format(
        0,
        0,
        "HƯỚNG DẪN NHẬP BIỂU",
        &Format::new().set_bold().set_font_size(14),
    )?;
    let line = Format::new().set_text_wrap();
    for (row, text) in (2_u32..).zip(LINES) {
        sheet.write_string_with_format(row, 0, *text, &line)?;
    }
    sheet.protect();
    Ok(())
}
