//! As much of the ELF format as tells where a file can be loaded, what it needs, and what it exports.

/// The file of a library or of a program: little-endian, of 32 or 64 bits.
pub(crate) struct Elf<'a> {
    bytes: &'a [u8],
    is_wide: bool,
}

/// Loaded from the file.
const PT_LOAD: u64 = 1;
/// The names that other libraries see. They are still there in a stripped file.
const SHT_DYNSYM: u64 = 11;
/// What the loader does with the file: the libraries that it needs, and where they are searched for.
const SHT_DYNAMIC: u64 = 6;
/// The versions of symbols that it needs of other libraries.
const SHT_GNU_VERNEED: u64 = 0x6fff_fffe;

/// The name of a library that is needed.
const DT_NEEDED: u64 = 1;
/// Folders in which the loader searches first, in an old and in a new form.
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

const CUT_OFF: &str = "the file is cut off";

impl<'a> Elf<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let is_wide = match bytes {
            [0x7f, b'E', b'L', b'F', 1, 1, ..] => false,
            [0x7f, b'E', b'L', b'F', 2, 1, ..] => true,
            _ => return Err("it is no little-endian ELF file".into()),
        };
        Ok(Self { bytes, is_wide })
    }

    /// The smallest alignment of what is loaded. A device whose pages are larger refuses the library.
    pub(crate) fn alignment(&self) -> Result<u64, String> {
        let mut smallest = None;
        for header in self.table(32, 54, 28, 42)? {
            if self.number(header, 4)? != PT_LOAD {
                continue;
            }
            let (offset, address, alignment) =
                (self.field(header, 8, 4)?, self.field(header, 16, 8)?, self.field(header, 48, 28)?);
            if alignment == 0 || offset % alignment != address % alignment {
                return Err(format!("a segment at {offset:#x} does not fit its alignment, {alignment:#x}"));
            }
            smallest = Some(smallest.map_or(alignment, |known: u64| known.min(alignment)));
        }
        smallest.ok_or_else(|| "nothing of it is loaded".into())
    }

    pub(crate) fn is_wide(&self) -> bool {
        self.is_wide
    }

    /// The number of the processor's kind.
    pub(crate) fn machine(&self) -> Result<u64, String> {
        self.number(18, 2)
    }

    /// The libraries that must be loaded with it.
    pub(crate) fn needed(&self) -> Result<Vec<String>, String> {
        self.dynamic(&[DT_NEEDED])
    }

    /// The folders in which the loader searches first.
    pub(crate) fn search_paths(&self) -> Result<Vec<String>, String> {
        self.dynamic(&[DT_RPATH, DT_RUNPATH])
    }

    /// The texts of the entries of the dynamic section that have one of these tags.
    fn dynamic(&self, tags: &[u64]) -> Result<Vec<String>, String> {
        let (entry, half) = if self.is_wide { (16, 8) } else { (8, 4) };
        let mut texts = Vec::new();
        for (start, size, strings) in self.sections(SHT_DYNAMIC)? {
            for at in (0..size / entry).map(|index| start + index * entry) {
                if tags.contains(&self.field(at, 0, 0)?) {
                    texts.push(self.text(strings + self.field(at, half, half)?)?);
                }
            }
        }
        Ok(texts)
    }

    /// The versions of symbols that it needs of other libraries, such as `GLIBC_2.17`.
    pub(crate) fn versions(&self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for (start, _, strings) in self.sections(SHT_GNU_VERNEED)? {
            let mut library = start;
            loop {
                let count = self.number(library + 2, 2)?;
                let mut version = library + self.number(library + 8, 4)?;
                for _ in 0..count {
                    names.push(self.text(strings + self.number(version + 8, 4)?)?);
                    version += self.number(version + 12, 4)?;
                }
                match self.number(library + 12, 4)? {
                    0 => break,
                    next => library += next,
                }
            }
        }
        Ok(names)
    }

    /// Where the sections of a type begin, their sizes, and where their texts begin.
    fn sections(&self, wanted: u64) -> Result<Vec<(u64, u64, u64)>, String> {
        let sections = self.table(40, 58, 32, 46)?;
        let link = if self.is_wide { 40 } else { 24 };
        let mut found = Vec::new();
        for &section in &sections {
            if self.number(section + 4, 4)? != wanted {
                continue;
            }
            let strings = usize::try_from(self.number(section + link, 4)?).ok().and_then(|at| sections.get(at));
            let strings = self.field(*strings.ok_or(CUT_OFF)?, 24, 16)?;
            found.push((self.field(section, 24, 16)?, self.field(section, 32, 20)?, strings));
        }
        Ok(found)
    }

    /// The names of what others can call.
    pub(crate) fn exports(&self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for (start, size, strings) in self.sections(SHT_DYNSYM)? {
            let (entry, info, home) = if self.is_wide { (24, 4, 6) } else { (16, 12, 14) };
            for symbol in 0..size / entry {
                let at = start + symbol * entry;
                let is_global = self.number(at + info, 1)? >> 4 != 0;
                if is_global && self.number(at + home, 2)? != 0 {
                    names.push(self.text(strings + self.number(at, 4)?)?);
                }
            }
        }
        Ok(names)
    }

    /// Where each entry of a table begins. Given is where the file's header says where the table is, and how large its
    /// entries are, in each of both forms; their number follows.
    fn table(&self, wide: u64, wide_size: u64, narrow: u64, narrow_size: u64) -> Result<Vec<u64>, String> {
        let start = self.field(0, wide, narrow)?;
        let at = if self.is_wide { wide_size } else { narrow_size };
        let (size, count) = (self.number(at, 2)?, self.number(at + 2, 2)?);
        (0..count).map(|entry| start.checked_add(entry * size).ok_or_else(|| CUT_OFF.into())).collect()
    }

    /// An address or a size, which is as wide as the file's form.
    fn field(&self, base: u64, wide: u64, narrow: u64) -> Result<u64, String> {
        if self.is_wide { self.number(base + wide, 8) } else { self.number(base + narrow, 4) }
    }

    fn number(&self, at: u64, size: usize) -> Result<u64, String> {
        let bytes = self.from(at)?.get(..size).ok_or(CUT_OFF)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn text(&self, at: u64) -> Result<String, String> {
        let rest = self.from(at)?;
        let end = rest.iter().position(|byte| *byte == 0).ok_or(CUT_OFF)?;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    fn from(&self, at: u64) -> Result<&'a [u8], String> {
        usize::try_from(at).ok().and_then(|at| self.bytes.get(at..)).ok_or_else(|| CUT_OFF.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{fs, process::Command};

    use super::*;

    /// A library that exports `f`, linked with such pages.
    fn linked(pages: &str) -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!("kopokopo-elf-{}-{pages}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (source, library) = (folder.join("f.rs"), folder.join("libf.so"));
        fs::write(&source, "#![no_std]\n#[unsafe(no_mangle)] pub extern \"C\" fn f() -> u8 { 1 }\n#[panic_handler] fn p(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }").unwrap();
        let built = Command::new("rustc")
            .args(["--edition=2024", "--crate-type=cdylib", "-Cpanic=abort", "-Clink-arg=-nostartfiles"])
            .arg(format!("-Clink-arg=-Wl,-z,max-page-size={pages}"))
            .arg("-o")
            .args([&library, &source])
            .status()
            .unwrap();
        assert!(built.success());
        let bytes = fs::read(&library).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        bytes
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_alignment_is_the_linkers() {
        for pages in ["4096", "16384", "65536"] {
            let bytes = linked(pages);
            let elf = Elf::new(&bytes).unwrap();
            assert_eq!(elf.alignment().unwrap().to_string(), pages);
            assert_eq!(elf.exports().unwrap(), ["f"]);
        }
    }

    #[test]
    fn what_is_no_whole_library_is_refused() {
        assert!(Elf::new(b"MZ").is_err());
        for bytes in [&b"\x7fELF\x02\x01"[..], &b"\x7fELF\x01\x01"[..]] {
            let elf = Elf::new(bytes).unwrap();
            assert_eq!(elf.alignment().unwrap_err(), CUT_OFF);
            assert_eq!(elf.exports().unwrap_err(), CUT_OFF);
        }
        // One segment, which is not loaded.
        let mut none = vec![0; 256];
        none[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (none[32], none[54], none[56]) = (64, 56, 1);
        assert_eq!(Elf::new(&none).unwrap().alignment().unwrap_err(), "nothing of it is loaded");
    }

    #[test]
    fn a_file_of_32_bits_is_read_too() {
        let mut bytes = vec![0; 256];
        bytes[..6].copy_from_slice(b"\x7fELF\x01\x01");
        // One header of 32 bytes at 64: loaded, at offset and address 0x1000, aligned to 0x1000.
        (bytes[28], bytes[42], bytes[44]) = (64, 32, 1);
        (bytes[64], bytes[69], bytes[73], bytes[93]) = (1, 0x10, 0x10, 0x10);
        assert_eq!(Elf::new(&bytes).unwrap().alignment(), Ok(4096));
        bytes[93] = 0x40;
        bytes[73] = 0x20;
        assert!(Elf::new(&bytes).unwrap().alignment().unwrap_err().contains("does not fit its alignment"));
    }
}
