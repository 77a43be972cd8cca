'use strict';
// What is said where the native part is missing, is not for this machine, or belongs to another version.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { test } = require('node:test');
const { targets } = require('../lib/platform');

const HERE = path.join(__dirname, '..');
const [TARGET] = targets();
const LINUX = ['linux-x64-gnu', 'linux-x64-musl', 'darwin-arm64', 'win32-x64-msvc'];

/** A copy of the package without its native part, and what it says when it is required. */
async function said(t, { targets: made = LINUX, prepare = () => {}, before = '' } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.cpSync(path.join(HERE, 'lib'), path.join(folder, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(HERE, 'index.js'), path.join(folder, 'index.js'));
  const optionalDependencies = Object.fromEntries(made.map((target) => [`kopokopo-${target}`, '0.1.0']));
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'kopokopo', version: '0.1.0', optionalDependencies }));
  prepare(folder);
  const program = `${before}; try { require('.') } catch (error) { console.log(error.message) }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder });
  return stdout.trim();
}

const pretend = (platform, arch) =>
  `Object.defineProperty(process, 'platform', { value: '${platform}' }); Object.defineProperty(process, 'arch', { value: '${arch}' })`;

test('a platform without a native part is told which ones there are', async (t) => {
  assert.match(await said(t, { before: pretend('aix', 'ppc64') }), /no native part for aix-ppc64, only kopokopo-linux-x64-gnu, /);
});

test('a native part that npm left out is named, with the command that installs it', async (t) => {
  const text = await said(t, { before: pretend('linux', 'x64') });
  // npm refuses the one for the other C library.
  const [own, other] = process.report.getReport().header.glibcVersionRuntime ? ['gnu', 'musl'] : ['musl', 'gnu'];
  assert.match(text, new RegExp(`native part for linux-x64 is not installed[^]*npm install kopokopo-linux-x64-${own}`));
  assert.doesNotMatch(text, new RegExp(other));
});

test('a package that a bundler has packed is told so, with the remedy', async (t) => {
  const prepare = (folder) => fs.renameSync(path.join(folder, 'lib/native.js'), path.join(folder, 'lib/packed.js'));
  const before = "const Module = require('module'); const find = Module._resolveFilename; Module._resolveFilename = (name, ...rest) => find(name === './native' ? './packed' : name, ...rest)";
  const text = await said(t, { prepare, before });
  assert.match(text, /a bundler has packed this package[^]*serverExternalPackages: \['kopokopo'\]/);
});

test('a native part that was not built is told so', async (t) => {
  assert.match(await said(t, { targets: [] }), /is not built: run `npm run build:debug`/);
});

test('a native part that cannot be loaded says why', async (t) => {
  const prepare = (folder) => fs.writeFileSync(path.join(folder, `kopokopo.${TARGET}.node`), 'no library');
  assert.match(await said(t, { prepare }), /cannot be loaded: .+/);
});

test('a native part of another contract is refused', async (t) => {
  const prepare = (folder) => {
    const file = path.join(folder, 'lib/contract.js');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/HASH = '[^']+'/, "HASH = 'another'"));
    fs.copyFileSync(path.join(HERE, `kopokopo.${TARGET}.node`), path.join(folder, `kopokopo.${TARGET}.node`));
  };
  assert.match(await said(t, { prepare }), /belongs to another version/);
});

test('Linux, macOS and Windows have names as npm packages of native parts have them', () => {
  assert.deepStrictEqual(targets('darwin', 'arm64'), ['darwin-arm64']);
  assert.deepStrictEqual(targets('win32', 'x64'), ['win32-x64-msvc']);
  assert.deepStrictEqual(targets('linux', 'arm64').sort(), ['linux-arm64-gnu', 'linux-arm64-musl']);
});
