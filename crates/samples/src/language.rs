//! Ways to call the service.

use std::fmt;

/// A way to call the service: a language with the library it uses, or a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// curl with an IAM token: it cannot sign requests.
    Curl,
    /// This project's command line.
    Cli,
    /// Rust with this project's SDK.
    Rust,
    /// Python with the official SDK.
    Python,
    /// Go with the official SDK.
    Go,
    /// Java with the official SDK.
    Java,
    /// Node.js with the official SDK's core, which signs the request; npm has no MRS package of the SDK.
    Node,
    /// KooCLI, the vendor's command line; not executed by this project.
    KooCli,
}

impl Language {
    /// All, in the order to show them in.
    pub const ALL: [Self; 8] =
        [Self::Curl, Self::Cli, Self::Rust, Self::Python, Self::Go, Self::Java, Self::Node, Self::KooCli];

    /// A short name for addresses and file names, which does not change.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Cli => "cli",
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "node",
            Self::KooCli => "koocli",
        }
    }

    /// The language with this slug.
    ///
    /// ```
    /// use mrs_iam_sync_samples::Language;
    ///
    /// assert_eq!(Language::from_slug("go"), Some(Language::Go));
    /// assert_eq!(Language::from_slug("Go"), None);
    /// ```
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.slug() == slug)
    }

    /// The name to show.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Cli => "mrs-iam-sync",
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Node => "Node.js",
            Self::KooCli => "KooCLI",
        }
    }

    /// The language's name for syntax highlighting.
    pub const fn highlight(self) -> &'static str {
        match self {
            Self::Curl | Self::Cli | Self::KooCli => "bash",
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "javascript",
        }
    }

    /// The path, in the sample's folder, of the file that [`render`](crate::render) makes.
    pub const fn main_file(self) -> &'static str {
        match self {
            Self::Curl | Self::Cli | Self::KooCli => "sample.sh",
            Self::Rust => "src/main.rs",
            Self::Python => "sample.py",
            Self::Go => "main.go",
            Self::Java => "src/main/java/Sample.java",
            Self::Node => "sample.mjs",
        }
    }

    /// Whether this project runs its samples, against its emulator. What it does not run is written after the
    /// documentation only, and says so.
    pub const fn is_executed(self) -> bool {
        !matches!(self, Self::KooCli)
    }
}

/// The slug.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.slug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_lead_back() {
        for language in Language::ALL {
            assert_eq!(Language::from_slug(language.slug()), Some(language));
            assert_eq!(language.to_string(), language.slug());
        }
    }
}
