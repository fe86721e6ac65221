//! From lists of words to classes: every list that a rule names becomes one.

use std::collections::HashMap;

use super::{
    found::Class,
    lexicon::{self, Looks},
    pattern::{self, Step, What},
    sound,
    words::{Gathered, Role},
};

/// The names of classes that no file lists: what recognisers find.
pub(super) const RECOGNISED: [&str; 3] = ["money", "digits", "account"];

/// The classes and words of a rule set, as they are gathered.
#[derive(Debug)]
pub(super) struct Compiler {
    pub(super) gathered: Gathered,
    pub(super) classes: HashMap<String, Class>,
    lists: Vec<(Vec<String>, Looks)>,
    /// The classes of lists that were seen before.
    by_list: HashMap<(Vec<String>, Looks), Class>,
}

impl Compiler {
    /// Names the classes that recognisers fill, and those that are listed.
    pub(super) fn new(classes: &[lexicon::Class]) -> Self {
        let mut compiler = Self {
            gathered: Gathered::default(),
            classes: HashMap::new(),
            lists: Vec::new(),
            by_list: HashMap::new(),
        };
        for name in RECOGNISED {
            compiler.name(name);
        }
        for class in classes {
            let id = compiler.name(&class.name);
            let looks = Looks { sound: class.sound, split: class.split, emoji: class.emoji };
            compiler.lists[usize::from(id)] = (class.words.clone(), looks);
        }
        compiler
    }

    fn name(&mut self, name: &str) -> Class {
        let id = self.lists.len() as Class;
        self.lists.push((Vec::new(), Looks::default()));
        self.classes.insert(name.to_owned(), id);
        id
    }

    /// By class: how likely a word of it is to stand in a text, in parts of some whole.
    pub(super) fn likelihoods(&self) -> Vec<f64> {
        self.gathered.likelihoods(self.lists.len())
    }

    /// A class of its own for a list of words and classes; the same for the same list.
    pub(super) fn list(&mut self, words: &[String], looks: Looks) -> Option<Class> {
        if words.is_empty() {
            return None;
        }
        let next = self.lists.len() as Class;
        let class = *self.by_list.entry((words.to_vec(), looks)).or_insert(next);
        if class == next {
            self.lists.push((words.to_vec(), looks));
        }
        Some(class)
    }

    /// Adds the words of every class, through the classes that it names.
    pub(super) fn fill(&mut self) -> Result<(), String> {
        if self.lists.len() >= usize::from(Class::MAX) {
            return Err(format!("there are more than {} lists of words", Class::MAX - 1));
        }
        for id in 0..self.lists.len() {
            let mut seen = vec![id];
            let mut open = vec![id];
            while let Some(from) = open.pop() {
                let (words, looks) = self.lists[from].clone();
                for word in words {
                    let Some(name) = word.strip_prefix('<').and_then(|it| it.strip_suffix('>'))
                    else {
                        self.add(&word, Role::Class(id as Class), looks);
                        continue;
                    };
                    let named = usize::from(self.class(name)?);
                    if RECOGNISED.contains(&name) {
                        return Err(format!("<{name}> can stand in patterns only"));
                    }
                    if !seen.contains(&named) {
                        seen.push(named);
                        open.push(named);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds a word of a class. One of a single character is too short to be heard among others, and
    /// is known in letters when they stand by themselves: zhuan 500.
    fn add(&mut self, word: &str, role: Role, looks: Looks) {
        self.gathered.add(word, role, looks);
        let mut chars = word.chars();
        if let (true, Some(c), None) = (looks.sound, chars.next(), chars.next())
            && let Some(spelling) = sound::spelling(c)
        {
            self.gathered.add(spelling, role, Looks::default());
        }
    }

    fn class(&self, name: &str) -> Result<Class, String> {
        self.classes.get(name).copied().ok_or_else(|| format!("there is no class <{name}>"))
    }

    /// The steps of a pattern, each with its gap, its class and whether it may be missing.
    pub(super) fn steps(
        &mut self,
        pattern: &str,
        looks: Looks,
    ) -> Result<Vec<(usize, Class, bool)>, String> {
        let step = |Step { gap, what, is_optional }: Step| {
            let class = match what {
                What::Class(name) => self.class(&name)?,
                What::Word(word) => self.list(&[word], looks).ok_or("a word is missing")?,
            };
            Ok((gap, class, is_optional))
        };
        pattern::parse(pattern)?.into_iter().map(step).collect()
    }
}
