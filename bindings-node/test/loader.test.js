'use strict';
// The errors if the native addon is missing, is for another platform, or belongs to another version.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { test } = require('node:test');
const { targets } = require('../lib/platform');

const PACKAGE = path.join(__dirname, '..');
const [TARGET] = targets();
const TARGETS = ['linux-x64-gnu', 'linux-x64-musl', 'darwin-arm64', 'win32-x64-msvc'];

/** Requires a copy of the package without its native addon, and returns a promise of the message of the error. */
async function loadError(t, { targets: published = TARGETS, prepare = () => {}, before = '' } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.cpSync(path.join(PACKAGE, 'lib'), path.join(folder, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(PACKAGE, 'index.js'), path.join(folder, 'index.js'));
  const optionalDependencies = Object.fromEntries(published.map((target) => [`kopokopo-${target}`, '1.2.3']));
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'kopokopo', version: '1.2.3', optionalDependencies }));
  prepare(folder);
  const program = `${before}; try { require('.') } catch (error) { console.log(error.message) }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder });
  return stdout.trim();
}

const pretend = (platform, arch) =>
  `Object.defineProperty(process, 'platform', { value: '${platform}' }); Object.defineProperty(process, 'arch', { value: '${arch}' })`;

test('platform without a native addon gets an error with the available ones', async (t) => {
  assert.match(await loadError(t, { before: pretend('aix', 'ppc64') }), /no native addon is available for aix-ppc64; available: kopokopo-linux-x64-gnu, /);
});

test('native addon that npm did not install is named, with the command that installs it', async (t) => {
  const text = await loadError(t, { before: pretend('linux', 'x64') });
  // npm refuses the package for the other C library.
  const [own, other] = process.report.getReport().header.glibcVersionRuntime ? ['gnu', 'musl'] : ['musl', 'gnu'];
  assert.match(text, new RegExp(`native addon for linux-x64 is not installed[^]*npm install kopokopo-linux-x64-${own}`));
  assert.doesNotMatch(text, new RegExp(other));
});

test('native addon for the other C library is an error that names the package to install', async (t) => {
  const [own, other] = process.report.getReport().header.glibcVersionRuntime ? ['gnu', 'musl'] : ['musl', 'gnu'];
  const prepare = (folder) => fs.writeFileSync(path.join(folder, `kopokopo.linux-x64-${other}.node`), 'for another C library');
  const text = await loadError(t, { before: pretend('linux', 'x64'), prepare });
  assert.match(text, new RegExp(`is not installed, only kopokopo-linux-x64-${other}, which is for another C library`));
  assert.match(text, new RegExp(`npm install kopokopo-linux-x64-${own}\``));
});

test('package inside a bundle has an error with the remedy', async (t) => {
  const prepare = (folder) => fs.renameSync(path.join(folder, 'lib/native.js'), path.join(folder, 'lib/packed.js'));
  const before = "const Module = require('module'); const find = Module._resolveFilename; Module._resolveFilename = (name, ...rest) => find(name === './native' ? './packed' : name, ...rest)";
  const text = await loadError(t, { prepare, before });
  assert.match(text, /a bundler has packed this package[^]*serverExternalPackages: \['kopokopo'\]/);
});

test('native addon that was not built has an error with the command that builds it', async (t) => {
  assert.match(await loadError(t, { targets: [] }), /is not built: run `npm run build:debug`/);
});

test('native addon that cannot be loaded has an error with the reason', async (t) => {
  const prepare = (folder) => fs.writeFileSync(path.join(folder, `kopokopo.${TARGET}.node`), 'not a library');
  assert.match(await loadError(t, { prepare }), /cannot be loaded: .+/);
});

test('native addon of another contract is refused', async (t) => {
  const prepare = (folder) => {
    const file = path.join(folder, 'lib/contract.js');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/HASH = '[^']+'/, "HASH = 'another'"));
    fs.copyFileSync(path.join(PACKAGE, `kopokopo.${TARGET}.node`), path.join(folder, `kopokopo.${TARGET}.node`));
  };
  assert.match(await loadError(t, { prepare }), /belongs to another version/);
});

test('names of native addons are those of the npm packages', () => {
  assert.deepStrictEqual(targets('darwin', 'arm64'), ['darwin-arm64']);
  assert.deepStrictEqual(targets('win32', 'x64'), ['win32-x64-msvc']);
  assert.deepStrictEqual(targets('linux', 'arm64').sort(), ['linux-arm64-gnu', 'linux-arm64-musl']);
});
