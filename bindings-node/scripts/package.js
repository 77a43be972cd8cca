'use strict';
// Makes what is published: `node scripts/package.js FOLDER` puts the package there, and one for each native part that lies
// beside it (`npm run build:release`). npm installs the part that fits a machine, by `os`, `cpu` and `libc`.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const HERE = path.join(__dirname, '..');
const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE'];
const { devDependencies: _, scripts: __, workspaces: ___, napi, ...own } = require('../package.json');

/** `x86_64-unknown-linux-gnu`, as Node and npm name it. */
function platformOf(triple) {
  const [machine, , system, library] = triple.split('-');
  const cpu = { x86_64: 'x64', aarch64: 'arm64' }[machine];
  const platform = system === 'windows' ? 'win32' : system;
  const target = [platform, cpu, library].filter(Boolean).join('-');
  const libc = { gnu: ['glibc'], musl: ['musl'] }[library];
  return { target, limits: { os: [platform], cpu: [cpu], ...(libc && { libc }) } };
}

function pack(folder, description, files, out) {
  for (const licence of LICENCES) fs.copyFileSync(path.join(HERE, '..', licence), path.join(folder, licence));
  const text = JSON.stringify({ ...description, files: [...files, ...LICENCES] }, null, 2);
  fs.writeFileSync(path.join(folder, 'package.json'), `${text}\n`);
  // Windows has npm as a script, which only a shell runs.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, shell: process.platform === 'win32' });
}

function main(given) {
  if (!given) throw new Error('which folder? npm run package -- FOLDER');
  const out = path.resolve(given);
  fs.mkdirSync(out, { recursive: true });
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  const folder = (name) => {
    const place = path.join(stage, name);
    fs.mkdirSync(place);
    return place;
  };
  try {
    const platforms = napi.targets.map(platformOf);
    const optionalDependencies = Object.fromEntries(platforms.map(({ target }) => [`${own.name}-${target}`, own.version]));
    const wasm = 'edge/kopokopo.wasm';
    if (!fs.existsSync(path.join(HERE, wasm))) throw new Error(`${wasm} is missing: run \`npm run build:release\` first`);
    const main = folder('main');
    for (const file of [...own.files, 'README.md']) fs.cpSync(path.join(HERE, file), path.join(main, file), { recursive: true });
    pack(main, { ...own, optionalDependencies }, own.files, out);
    for (const { target, limits } of platforms) {
      const file = `${own.name}.${target}.node`;
      if (!fs.existsSync(path.join(HERE, file))) continue;
      const place = folder(target);
      fs.copyFileSync(path.join(HERE, file), path.join(place, file));
      fs.writeFileSync(path.join(place, 'README.md'), `# ${own.name}-${target}\n\nThe native part of \`${own.name}\` for ${target}.\n`);
      const { version, license, repository, engines } = own;
      const description = `The native part of ${own.name} for ${target}`;
      pack(place, { name: `${own.name}-${target}`, version, description, license, repository, engines, main: file, ...limits }, [file], out);
    }
  } finally {
    fs.rmSync(stage, { recursive: true });
  }
}

main(process.argv[2]);
