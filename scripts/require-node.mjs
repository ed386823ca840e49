// Runs first in `npm start` and `npm test`, on whatever Node the machine has. npm puts the Node of the project, the devDependency `node`,
// first on the PATH. If npm did not run the install script of that package, the machine's own Node runs this file.
import { describeUnsupportedNode } from '../src/supported-node.mjs';

const unsupported = describeUnsupportedNode(process.versions.node);
if (unsupported) {
  console.error(
    `${unsupported}.\n` +
      'The Node 26 that comes with this checkout is missing: npm did not run its install script. Run:\n' +
      '  npm rebuild node                                       (npm 10 and 11)\n' +
      '  npm install-scripts approve node && npm rebuild node   (npm 12)',
  );
  process.exit(1);
}
