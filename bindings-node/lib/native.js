'use strict';
// The native part: a file beside this package, where it was built here, or the package that npm chose for this platform.

const fs = require('node:fs');
const path = require('node:path');
const { HASH } = require('./contract');
const { targets } = require('./platform');
const { name, version, optionalDependencies = {} } = require('../package.json');

function load() {
  const causes = [];
  for (const target of targets()) {
    const file = path.join(__dirname, '..', `${name}.${target}.node`);
    try {
      return require(fs.existsSync(file) ? file : `${name}-${target}`);
    } catch (error) {
      // What is not there is no cause: only what is there and cannot be loaded.
      if (error.code !== 'MODULE_NOT_FOUND') causes.push(error);
    }
  }
  throw new Error(why(`${process.platform}-${process.arch}`, causes), { cause: causes[0] });
}

function why(platform, causes) {
  if (causes.length > 0) return `${name}: the native part for ${platform} cannot be loaded: ${causes[0].message}`;
  const made = Object.keys(optionalDependencies);
  const fitting = made.filter((found) => found.startsWith(`${name}-${platform}`));
  if (made.length === 0) return `${name}: the native part for ${platform} is not built: run \`npm run build:debug\``;
  if (fitting.length === 0) return `${name}: there is no native part for ${platform}, only ${made.join(', ')}`;
  return (
    `${name}: the native part for ${platform} is not installed. npm leaves it out with --omit=optional, and where ` +
    `node_modules or the lock file come from another platform. Run \`npm install ${fitting.join(' ')}\` on this one`
  );
}

const native = load();
if (native.contractHash() !== HASH) {
  throw new Error(
    `${name}: the native part belongs to another version of it: delete node_modules, and run ` +
      `\`npm install ${name}@${version}\``,
  );
}

module.exports = native;
