'use strict';
// Creates the packages of the sandbox: `node scripts/package-sandbox.js FOLDER` writes `kopokopo-sandbox`, and for each further
// argument TRIPLE=BINARY, such as `x86_64-unknown-linux-gnu=../target/release/k2`, the package with that program.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pack, platformOf } = require('./pack');

/** What `cargo xtask package` writes next to a program: what is compiled into it. */
const NOTICES = ['THIRD_PARTY.txt', 'kopokopo.cdx.json'];
const SOURCE = path.join(__dirname, '..', 'sandbox');
const own = require('../sandbox/package.json');
const { targets } = require('../package.json').napi;

function main([argument, ...binaries]) {
  if (!argument) throw new Error('FOLDER is missing: npm run package:sandbox -- FOLDER [TRIPLE=BINARY ...]');
  const out = path.resolve(argument);
  fs.mkdirSync(out, { recursive: true });
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-sandbox-'));
  try {
    // Only those that are published together: another person could publish a name that is free.
    const built = binaries.map((binary) => platformOf(binary.split('=')[0]).target);
    const optionalDependencies = Object.fromEntries(built.map((target) => [`${own.name}-${target}`, own.version]));
    const folder = path.join(temporary, 'main');
    for (const file of [...own.files, 'README.md']) fs.cpSync(path.join(SOURCE, file), path.join(folder, file), { recursive: true });
    pack(folder, { ...own, optionalDependencies }, own.files, out);
    for (const binary of binaries) packBinary(temporary, binary, out);
  } finally {
    fs.rmSync(temporary, { recursive: true });
  }
}

function packBinary(temporary, argument, out) {
  const [triple, ...rest] = argument.split('=');
  const binary = rest.join('=');
  if (!targets.includes(triple)) throw new Error(`${argument}: expected TRIPLE=BINARY with a target of ${targets.join(', ')}`);
  if (!fs.existsSync(binary)) throw new Error(`${binary}: no such file`);
  const { target, limits } = platformOf(triple);
  const notices = NOTICES.filter((notice) => fs.existsSync(path.join(path.dirname(binary), notice)));
  const name = `${own.name}-${target}`;
  const folder = path.join(temporary, target);
  const file = triple.includes('windows') ? 'k2.exe' : 'k2';
  fs.mkdirSync(folder);
  fs.copyFileSync(binary, path.join(folder, file));
  fs.chmodSync(path.join(folder, file), 0o755);
  for (const notice of notices) fs.copyFileSync(path.join(path.dirname(binary), notice), path.join(folder, notice));
  fs.writeFileSync(path.join(folder, 'README.md'), `# ${name}\n\nThe program of \`${own.name}\` for ${target}.\n`);
  const { version, license, repository, engines } = own;
  const description = `The program of ${own.name} for ${target}`;
  pack(folder, { name, version, description, license, repository, engines, ...limits }, [file, ...notices], out);
}

main(process.argv.slice(2));
