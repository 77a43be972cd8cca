'use strict';
// The native part: a file beside this package, where it was built here, or the package that npm chose for this platform.

const fs = require('node:fs');
const path = require('node:path');
const { HASH } = require('./contract');
const { otherLibrary, targets } = require('./platform');
const { name, version, optionalDependencies = {} } = require('../package.json');

/** Bundlers take this file out of its package; some leave no name of its folder. */
const HERE = typeof __dirname === 'string' ? __dirname : '';

function load() {
  const causes = [];
  for (const target of targets()) {
    const file = path.join(HERE, '..', `${name}.${target}.node`);
    try {
      return require(fs.existsSync(file) ? file : `${name}-${target}`);
    } catch (error) {
      // What is not there is no cause: only what is there and cannot be loaded.
      if (error.code !== 'MODULE_NOT_FOUND') causes.push(error);
    }
  }
  throw new Error(why(`${process.platform}-${process.arch}`, causes), { cause: causes[0] });
}

const BUNDLED =
  `${name}: a bundler has packed this package, and it cannot pack the native part. Keep the package out of the bundle, and ` +
  `node_modules/${name} beside it: \`serverExternalPackages: ['${name}']\` in next.config.js, \`--external:${name}\` for ` +
  `esbuild, \`externals: { ${name}: 'commonjs ${name}' }\` for webpack, \`external: ['${name}']\` for Rollup`;

function why(platform, causes) {
  if (!fs.existsSync(path.join(HERE, 'native.js'))) return BUNDLED;
  if (causes.length > 0) return `${name}: the native part for ${platform} cannot be loaded: ${causes[0].message}`;
  const made = Object.keys(optionalDependencies);
  const fitting = made.filter((found) => found.startsWith(`${name}-${platform}`) && !found.endsWith(`-${otherLibrary()}`));
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
