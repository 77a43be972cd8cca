'use strict';
// Creates the packages to publish: `node scripts/package.js FOLDER` writes this package, and a package for each native
// part in this folder (`npm run build:release`, or `cargo xtask package`, which also writes what a package contains into
// the folder `notices`). npm installs the native addon for a machine by `os`, `cpu` and `libc`.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PACKAGE = path.join(__dirname, '..');
const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE'];
const NOTICES = path.join(PACKAGE, 'notices');
const { devDependencies: _, scripts: __, workspaces: ___, napi, ...own } = require('../package.json');

/** Returns the names of Node and npm for a target of Rust, such as `x86_64-unknown-linux-gnu`. */
function platformOf(triple) {
  const [machine, , system, library] = triple.split('-');
  const cpu = { x86_64: 'x64', aarch64: 'arm64' }[machine];
  const platform = system === 'windows' ? 'win32' : system;
  const target = [platform, cpu, library].filter(Boolean).join('-');
  const libc = { gnu: ['glibc'], musl: ['musl'] }[library];
  return { target, limits: { os: [platform], cpu: [cpu], ...(libc && { libc }) } };
}

/** Runs `npm pack` in a folder, with a package.json that has the given fields. */
function pack(folder, fields, files, out) {
  for (const licence of LICENCES) fs.copyFileSync(path.join(PACKAGE, '..', licence), path.join(folder, licence));
  const text = JSON.stringify({ ...fields, files: [...files, ...LICENCES] }, null, 2);
  fs.writeFileSync(path.join(folder, 'package.json'), `${text}\n`);
  // On Windows npm is a script, which needs a shell.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, shell: process.platform === 'win32' });
}

function main(argument) {
  if (!argument) throw new Error('FOLDER is missing: npm run package -- FOLDER');
  const out = path.resolve(argument);
  fs.mkdirSync(out, { recursive: true });
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  const folder = (name) => {
    const created = path.join(temporary, name);
    fs.mkdirSync(created);
    return created;
  };
  try {
    // Only packages that are published with this one: the name of another could belong to someone else.
    const isBuilt = ({ target }) => fs.existsSync(path.join(PACKAGE, `${own.name}.${target}.node`));
    const platforms = napi.targets.map(platformOf).filter(isBuilt);
    const optionalDependencies = Object.fromEntries(platforms.map(({ target }) => [`${own.name}-${target}`, own.version]));
    const wasm = 'edge/kopokopo.wasm';
    if (!fs.existsSync(path.join(PACKAGE, wasm))) throw new Error(`${wasm} is missing: run \`npm run build:release\` first`);
    const main = folder('main');
    for (const file of [...own.files, 'README.md']) fs.cpSync(path.join(PACKAGE, file), path.join(main, file), { recursive: true });
    pack(main, { ...own, optionalDependencies }, own.files, out);
    for (const { target, limits } of platforms) {
      const file = `${own.name}.${target}.node`;
      const part = folder(target);
      fs.copyFileSync(path.join(PACKAGE, file), path.join(part, file));
      const notices = path.join(NOTICES, target);
      const added = fs.existsSync(notices) ? fs.readdirSync(notices) : [];
      for (const notice of added) fs.copyFileSync(path.join(notices, notice), path.join(part, notice));
      fs.writeFileSync(path.join(part, 'README.md'), `# ${own.name}-${target}\n\nThe native addon of \`${own.name}\` for ${target}.\n`);
      const { version, license, repository, engines } = own;
      const description = `The native addon of ${own.name} for ${target}`;
      pack(part, { name: `${own.name}-${target}`, version, description, license, repository, engines, main: file, ...limits }, [file, ...added], out);
    }
  } finally {
    fs.rmSync(temporary, { recursive: true });
  }
}

main(process.argv[2]);
