//! The same question gets the same bytes, whatever was asked before.

use std::collections::HashMap;

use eidos::model::{EnumParameter, Query, ValueId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::support::{get, service, shipped};

/// Every combination of enumerated values, as query strings.
fn combinations() -> Vec<String> {
    let rules = shipped();
    let mut queries = vec![Query::default()];
    for parameter in EnumParameter::ALL {
        let values = rules.vocabulary().values_of(parameter).len();
        queries = queries
            .iter()
            .flat_map(|query| {
                (0..=values).map(move |value| {
                    let mut query = query.clone();
                    let value = u8::try_from(value).unwrap();
                    query.set_value(parameter, value.checked_sub(1).map(ValueId));
                    query
                })
            })
            .collect();
    }
    queries
        .iter()
        .map(|query| query.canonical(rules.vocabulary()))
        .collect()
}

#[actix_web::test]
async fn ten_thousand_shuffled_requests_give_one_digest_a_query() {
    let queries = combinations();
    assert!(queries.len() > 500, "{}", queries.len());
    // Small enough that answers are dropped and made again all the time.
    let app = service(&[("CACHE_CAPACITY", "1MiB")]).await;
    let mut asked: Vec<&String> = queries
        .iter()
        .cycle()
        .take(10_000.max(queries.len()))
        .collect();
    asked.shuffle(&mut StdRng::seed_from_u64(20_261_123));
    let mut tags: HashMap<&str, String> = HashMap::new();
    for query in asked {
        let reply = get(&app, &format!("/v1/recipe?{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
        let tag = reply.header("etag").to_owned();
        assert_eq!(
            tags.entry(query).or_insert_with(|| tag.clone()),
            &tag,
            "{query}"
        );
    }
    assert_eq!(tags.len(), queries.len());
}
