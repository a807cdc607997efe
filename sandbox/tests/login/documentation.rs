//! Every code is documented, and every documented code exists.

use std::collections::BTreeSet;
use std::path::Path;

fn codes(text: &str, quote: char) -> BTreeSet<String> {
    text.split(quote)
        .filter(|word| word.starts_with("SBX-") && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'))
        .map(str::to_owned)
        .collect()
}

fn read_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, found);
        } else {
            found.extend(codes(&std::fs::read_to_string(&path).unwrap(), '"'));
        }
    }
}

#[test]
fn codes_and_their_table_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    read_sources(&root.join("src"), &mut used);
    let documented = codes(&std::fs::read_to_string(root.join("README.md")).unwrap(), '`');
    assert_eq!(used, documented);
}
