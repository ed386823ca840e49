import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BaseAgent } from '../agent/base-agent.ts';
import { toErrorDetails } from '../wire/error-text.ts';

/** Maximum duration of a syntax check, in ms. */
const CHECK_MS = 5_000;

/** An agent file that cannot be used. The message says why, and what to do. */
export class AgentFileError extends Error {
  override readonly name = 'AgentFileError';
}

/**
 * Imports an agent file: a module that exports `rootAgent`, or a default, made by `new Agent(…)` of 'bidi-sse'. Node runs TypeScript
 * without a build.
 * @param path relative to the working directory
 * @throws {AgentFileError}
 */
export async function loadAgent(path: string): Promise<BaseAgent> {
  const file = resolve(path);
  let module: { rootAgent?: unknown; default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new AgentFileError(describeImportError(error, path, file), { cause: error });
  }
  const agent = module.rootAgent ?? module.default;
  if (agent instanceof BaseAgent) return agent;
  throw new AgentFileError(
    agent === undefined
      ? `${path} exports no agent: write "export const rootAgent = new Agent({ name: '…', … })"`
      : `${path}: rootAgent must be made by "new Agent(…)", with Agent imported from 'bidi-sse'`,
  );
}

function describeImportError(error: unknown, path: string, file: string): string {
  const { code, message } = toErrorDetails(error);
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${file}'`)) return `There is no agent file ${file}`;
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'bidi-sse'")) {
    return `${path} imports 'bidi-sse', which cannot be found from there: keep the file in this project, or install bidi-sse beside it`;
  }
  if (code === 'ERR_UNSUPPORTED_DIR_IMPORT') return `${path} is a folder: name the agent file in it`;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return `${path} is no agent file: its name must end in .ts or .js`;
  const line = findLine(error, file);
  return `${path} failed${line === undefined ? '' : ` in line ${line}`}: ${message}`;
}

/** Finds the line of a file in which an error occurred. */
function findLine(error: unknown, file: string): string | undefined {
  // V8 keeps the place of a syntax error to itself, but Node prints it.
  const isSyntaxError = error instanceof SyntaxError;
  const places = `${error instanceof Error ? error.stack : ''}\n${isSyntaxError ? checkSyntax(file) : ''}`;
  const [, line] = places.split(file, 2)[1]?.match(/^:(\d+)/) ?? [];
  return line;
}

function checkSyntax(file: string): string {
  return spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: CHECK_MS }).stderr;
}
