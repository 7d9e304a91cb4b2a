//! Recipes that anybody wrote, as bundles: the same files twice or an error, and
//! nothing in a file that means more than a value.

use eidos::bundle::{Choices, Deployer, File, bundle, images};
use eidos::wire::{Format, read_recipe, recipe_file};

/// A recipe in either format.
pub fn run(data: &[u8]) {
    for format in [Format::Json, Format::Yaml] {
        let Ok(recipe) = read_recipe(data, format) else {
            continue;
        };
        let document = recipe_file(&recipe).unwrap();
        let again = read_recipe(&document, Format::Yaml).unwrap();
        assert_eq!(recipe_file(&again).unwrap(), document);
        for deployer in Deployer::ALL {
            let choices = Choices {
                deployer,
                ..Choices::default()
            };
            let made = bundle(&recipe, &document, &choices);
            assert_eq!(made, bundle(&again, &document, &choices));
            made.iter().flatten().for_each(harmless);
        }
        let listed = images(&recipe, None);
        for image in listed.iter().flat_map(|found| &found.images) {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte);
            assert!(image.reference.bytes().all(allowed), "{}", image.reference);
        }
    }
}

/// YAML is read by a parser that is not ours, and a script sets plain words only.
pub fn harmless(file: &File) {
    let text = std::str::from_utf8(&file.bytes).unwrap();
    let is = |ending: &str| file.path.rsplit('.').next() == Some(ending);
    // A chart's own templates are no YAML until they are rendered.
    if is("yaml") {
        for document in text.split("---\n").skip(1) {
            let read = serde_saphyr::from_str::<serde_json::Value>(document);
            assert!(read.is_ok(), "{}\n{text}", file.path);
        }
    }
    if is("sh") {
        assert!(sets_plain_words(text), "{}\n{text}", file.path);
    }
}

/// Whether every value at the top of a script is one plain word.
fn sets_plain_words(script: &str) -> bool {
    let variables = script
        .lines()
        .skip_while(|line| !line.starts_with("action="))
        .take_while(|line| !line.starts_with("chart_repository="));
    let word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
    };
    let mut count = 0;
    let plain = variables.into_iter().all(|line| {
        count += 1;
        let value = line.split_once('=').map(|(_, value)| value);
        let value = value.and_then(|value| value.strip_prefix('\'')?.strip_suffix('\''));
        value.is_some_and(word)
    });
    plain && count >= 5
}
