//! The public side over HTTP: cacheable, and 304 where nothing changed. One question a file.

mod answer;
mod changes;
mod comparison;
mod dictionary;
mod plans;
mod publications;
mod results;
mod trends;
mod wards;

use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    store::{self, Frozen},
    view::PublicPublication,
};
use crate::{
    error::{Error, Result},
    publications::PublishedContent,
};

/// The routes of this folder.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(wards::list_public_wards)
        .service(plans::get_public_plan)
        .service(results::get_public_results)
        .service(trends::get_public_trends)
        .service(publications::list_public_publications)
        .service(comparison::list_public_comparison)
        .service(dictionary::list_dictionary);
    changes::routes(config);
}

/// What a publication froze, read.
fn open(frozen: &Frozen) -> Result<(PublicPublication, PublishedContent)> {
    let publication = PublicPublication {
        number: frozen.number,
        hash: frozen.hash.clone(),
        published_at: frozen.published_at,
    };
    Ok((publication, frozen.content.read().map_err(Error::internal)?))
}

/// A table as text.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, example = "code,name,name_en,area_code\r\nlong-my,Phường Long Mỹ,,31471\r\n")]
#[allow(dead_code, reason = "it only describes an answer")]
pub(super) struct CsvText(String);
