//! Paths of files and folders.

use super::text::text_value;

text_value! {
    /// Path of a file or folder, relative to the file that contains it; not empty.
    FilePath, file_path,
    { "minLength": 1 }
}

fn file_path(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(
            "a path is empty\nwrite the path of a file or folder, or remove the key".to_owned()
        );
    }
    if text.contains('\0') {
        return Err("a path contains a NUL character, which no system allows\nremove it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn paths_say_something() {
        check::<FilePath>(
            &["a", ".", "../a b/c.pem", "/x"],
            &[("", "is empty"), (" ", "is empty"), ("a\0b", "NUL")],
        );
    }
}
