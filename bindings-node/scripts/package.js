'use strict';
// Creates the packages to publish: `node scripts/package.js FOLDER` writes this package, and a package for each native
// part in this folder (`npm run build:release`, or `cargo xtask package`, which also writes what a package contains into
// the folder `notices`). npm installs the native addon for a machine by `os`, `cpu` and `libc`.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pack, platformOf } = require('./pack');

const PACKAGE = path.join(__dirname, '..');
const NOTICES = path.join(PACKAGE, 'notices');
const { devDependencies: _, scripts: __, workspaces: ___, napi, ...own } = require('../package.json');

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
