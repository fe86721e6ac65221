//! A rule set that is not in force: checked and compiled, to be tried, or to take the place of another.

use std::sync::Arc;

use super::{
    Engine, Examination, LexiconFault, Moderation, Size,
    lexicon::Lexicon,
    verdict::{Question, Verdict},
};

/// How often whoever replaces a rule set lets others run before it leaves the old one to them.
const YIELDS_MAX: usize = 10_000;

/// A rule set, ready to judge.
pub struct RuleSet(Arc<Engine>);

impl RuleSet {
    /// Its version, as verdicts carry it.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// How much there is of it.
    pub fn size(&self) -> Size {
        self.0.rules.size()
    }

    /// The names of its rules about words, in the order of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.rules.names()
    }

    /// Judges a text as if this were in force.
    pub fn judge(&self, question: Question<'_>) -> Verdict {
        self.examine(question).verdict
    }

    /// The same, with what led to the verdict.
    pub fn examine(&self, question: Question<'_>) -> Examination {
        self.0.examine(question)
    }
}

impl Moderation {
    /// Checks `files`, each a name and a text, and compiles them: what is named `*.toml` holds rules,
    /// `privacy.txt`, `property.txt` and `sensitive.txt` hold plain words, one a line. This takes up
    /// to a second of a processor; call it where that delays nobody.
    ///
    /// # Errors
    /// When something in a file is at fault.
    pub fn compile(
        &self,
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<RuleSet, LexiconFault> {
        self.ready(Lexicon::parse(files)?)
    }

    /// Reads the folder at `path`, or the built-in rules when it is empty, as [`Moderation::load`].
    ///
    /// # Errors
    /// When a file cannot be read, or something in it is at fault.
    pub fn read(&self, path: &str) -> Result<RuleSet, LexiconFault> {
        self.ready(Lexicon::read(path)?)
    }

    /// The rule set in force.
    pub fn in_force(&self) -> RuleSet {
        RuleSet(self.0.engine.load_full())
    }

    /// Puts `set` in force for every text that is judged from now on. Texts that are being judged
    /// keep the set they began with. Frees the old one, which takes milliseconds when it is large.
    pub fn replace(&self, set: RuleSet) {
        let old = self.0.engine.swap(set.0);
        // Whoever lets go last does the freeing: that should be this thread, and no request.
        for _ in 0..YIELDS_MAX {
            if Arc::strong_count(&old) == 1 {
                break;
            }
            std::thread::yield_now();
        }
    }

    fn ready(&self, lexicon: Lexicon) -> Result<RuleSet, LexiconFault> {
        Ok(RuleSet(Arc::new(Engine::new(lexicon, self.0.matrix, self.0.prior)?)))
    }
}
