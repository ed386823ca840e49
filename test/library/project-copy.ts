import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Dependencies of this checkout. */
export const NODE_MODULES = join(ROOT, 'node_modules');
/** What a build needs besides the dependencies. */
const SOURCES = ['package.json', '.npmrc', 'esbuild.config.mjs', 'tsconfig.json', 'scripts', 'src', 'public'];

/**
 * Copies this checkout, so that a build there does not replace the one that other tests run.
 * @param directory is created
 * @param others files and folders to copy besides those of a build
 */
export async function copyProject(directory: string, others: readonly string[] = []): Promise<void> {
  await mkdir(directory);
  for (const file of [...SOURCES, ...others]) await cp(join(ROOT, file), join(directory, file), { recursive: true });
  await symlink(NODE_MODULES, join(directory, 'node_modules'));
}
