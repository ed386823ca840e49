import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { copyProject, NODE_MODULES } from './project-copy.ts';

const run = promisify(execFile);
/** Files that the package holds besides those of the build. */
const DOCUMENTS = [
  'docs',
  'examples',
  '.env.example',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];

/** A project of a user, in which the packed package is installed. */
export interface UserProject {
  readonly directory: string;
  /** Paths of the files that the package holds. */
  readonly packed: readonly string[];
  /** Writes a file of the user. @returns its path */
  write(name: string, text: string): Promise<string>;
}

/**
 * Packs this checkout and installs the package into an empty project, with its `dependencies` and no other packages. The dependencies are
 * links to those of this checkout, so that no registry is needed.
 * @param directory is empty
 * @param others packages that the user has installed besides
 */
export async function installPackage(directory: string, others: readonly string[]): Promise<UserProject> {
  const checkout = join(directory, 'checkout');
  const user = join(directory, 'user');
  const installed = join(user, 'node_modules', 'bidi-sse');
  await copyProject(checkout, [...DOCUMENTS, 'Dockerfile', 'tsconfig.types.json']);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], { cwd: checkout });
  // The build prints before npm does.
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('[\n')));
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(directory, filename), '-C', installed, '--strip-components=1']);

  const { dependencies, bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), ...others]) await link(name, join(user, 'node_modules'));
  const bins = join(user, 'node_modules', '.bin');
  await mkdir(bins);
  for (const [name, file] of Object.entries<string>(bin)) await symlink(join('../bidi-sse', file), join(bins, name));
  await writeFile(join(user, 'package.json'), '{"name":"user","private":true,"type":"module"}');
  return {
    directory: user,
    packed: files.map(({ path }: { path: string }) => path),
    async write(name, text) {
      const path = join(user, name);
      await writeFile(path, text);
      return path;
    },
  };
}

async function link(name: string, nodeModules: string): Promise<void> {
  const path = join(nodeModules, name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(NODE_MODULES, name), path);
}
