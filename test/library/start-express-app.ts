import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, runProgram } from '../cli/command.ts';
import { temporaryDirectory } from '../http/test-server.ts';
import { NODE_MODULES } from './project-copy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a copy of examples/express-app in which its packages are installed. It uses the build of this checkout. */
export async function startExpressApp(): Promise<{ app: Command; url: string }> {
  const directory = join(await temporaryDirectory(), 'app');
  await cp(join(ROOT, 'examples/express-app'), directory, { recursive: true });
  await mkdir(join(directory, 'node_modules'));
  await symlink(join(NODE_MODULES, 'express'), join(directory, 'node_modules/express'));
  await symlink(ROOT, join(directory, 'node_modules/bidi-sse'));
  const app = await runProgram(process.execPath, ['server.ts'], { cwd: directory, env: { PORT: '0' } });
  const [url] = await app.until(/http:\/\/localhost:\d+/);
  return { app, url };
}
