'use strict';
// Loads the native addon: a file in this package if it was built here, or the package that npm chose for this platform.

const fs = require('node:fs');
const path = require('node:path');
const { HASH } = require('./contract');
const { otherLibrary, targets } = require('./platform');
const { name, version, optionalDependencies = {} } = require('../package.json');

/** The folder of this file. Bundlers move this file out of its package, and some do not define `__dirname`. */
const FOLDER = typeof __dirname === 'string' ? __dirname : '';

function load() {
  const causes = [];
  for (const target of targets()) {
    const file = path.join(FOLDER, '..', `${name}.${target}.node`);
    try {
      return require(fs.existsSync(file) ? file : `${name}-${target}`);
    } catch (error) {
      // A missing file is not a cause. A file that exists and cannot be loaded is.
      if (error.code !== 'MODULE_NOT_FOUND') causes.push({ target, error });
    }
  }
  throw new Error(loadFailure(`${process.platform}-${process.arch}`, causes), { cause: causes[0]?.error });
}

const BUNDLED =
  `${name}: a bundler has packed this package, and it cannot pack the native addon. Keep the package out of the bundle, and ` +
  `deploy node_modules/${name} with it: \`serverExternalPackages: ['${name}']\` in next.config.js, \`--external:${name}\` for ` +
  `esbuild, \`externals: { ${name}: 'commonjs ${name}' }\` for webpack, \`external: ['${name}']\` for Rollup`;

function loadFailure(platform, causes) {
  if (!fs.existsSync(path.join(FOLDER, 'native.js'))) return BUNDLED;
  const other = `${platform}-${otherLibrary()}`;
  // The addon for the other C library cannot be loaded. What fails is that the one for this C library is missing.
  const own = causes.find(({ target }) => target !== other);
  if (own) return `${name}: the native addon for ${own.target} cannot be loaded: ${own.error.message}`;
  const packages = Object.keys(optionalDependencies);
  const matching = packages.filter((entry) => entry.startsWith(`${name}-${platform}`) && entry !== `${name}-${other}`);
  if (packages.length === 0) return `${name}: the native addon for ${platform} is not built: run \`npm run build:debug\``;
  if (matching.length === 0) return `${name}: no native addon is available for ${platform}; available: ${packages.join(', ')}`;
  const found = causes.length > 0 ? `, only ${name}-${other}, which is for another C library` : '';
  return (
    `${name}: the native addon for ${platform} is not installed${found}. npm does not install it with --omit=optional, or if ` +
    `node_modules or the lock file are from another platform. Run \`npm install ${matching.join(' ')}\` on this platform`
  );
}

const native = load();
if (native.contractHash() !== HASH) {
  throw new Error(
    `${name}: the native addon belongs to another version of the package: delete node_modules, and run ` +
      `\`npm install ${name}@${version}\``,
  );
}

module.exports = native;
