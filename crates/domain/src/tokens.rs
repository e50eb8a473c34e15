//! Enums of plain words: each variant has one token, the same in configuration, command lines and JSON.

/// `tokens! { /// What it is. Name, "a name" { Variant = "variant" } }` gives the enum with `ALL`,
/// `as_str`, `Display`, and a `FromStr` whose error lists all.
macro_rules! tokens {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$own:meta])* $variant:ident = $token:literal),* $(,)? }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $name { $($(#[$own])* $variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// As it is written in configuration, command lines and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $token),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::ALL.iter().copied().find(|one| one.as_str() == text).ok_or_else(|| {
                    let all: Vec<&str> = $name::ALL.iter().map(|one| one.as_str()).collect();
                    format!(concat!("'{}' is not ", $what, ": {}"), text.escape_debug(), all.join(", "))
                })
            }
        }
    };
}

pub(crate) use tokens;
