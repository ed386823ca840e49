// Runs first in `npm start` and `npm test`, on whatever Node the machine has. npm puts the project's own Node 24 (the
// devDependency `node`) first on the PATH; where its install script was not allowed to run, the machine's Node answers here.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `bidi-sse needs Node 22.12 or newer; this is Node ${process.versions.node}.\n` +
      'The Node 24 that comes with the project is missing: its install script did not run. Do one of these:\n' +
      '  npm rebuild node            (npm 10 and 11)\n' +
      '  npm install-scripts approve node && npm rebuild node   (npm 12)\n' +
      'or install Node 22.12 or newer on this machine.',
  );
  process.exit(1);
}
