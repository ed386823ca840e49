import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { Agent } from '../../src/index.ts';
import { startServer } from '../../src/server.ts';
import { converse, type Outcome, type Script } from './converse.ts';
import { type NumberedModel, startNumberedModel } from './numbered-model.ts';
import type { Profile, Way } from './profile.ts';
import { missingPrograms } from './program.ts';
import type { OpenTalker } from './talker.ts';

/** A bidi-sse server with the numbered model behind it, to which the conversations of all profiles are carried. */
export interface Course {
  readonly port: number;
  readonly model: NumberedModel;
  /** Mistakes of its own that the server has logged. */
  readonly mistakes: readonly string[];
}

/** Folder of the built page. */
const PUBLIC_DIR = process.env.PUBLIC_DIR ?? join(import.meta.dirname, '../../dist/public');
const SERVER = { PUBLIC_DIR, PORT: '0', GOOGLE_API_KEY: 'a-key-that-only-the-gauntlet-uses', LOG_LEVEL: 'silent' };
/** A model that answers text in audio. */
const MODEL = 'gemini-live-2.5-flash-preview';
const PINO_ERROR = 50;

export async function openCourse(stack: AsyncDisposableStack): Promise<Course> {
  const model = await startNumberedModel(stack);
  const mistakes: string[] = [];
  const server = await startServer({
    config: readConfig({
      DATABASE_URL: 'memory:',
      ...SERVER,
      SHUTDOWN_GRACE_MS: '0',
      GOOGLE_GEMINI_BASE_URL: model.url,
    }),
    agent: new Agent({ name: 'numbers', model: MODEL, instruction: 'Count.' }),
    logger: pino(
      { level: 'error' },
      { write: (line) => void (JSON.parse(line).level >= PINO_ERROR && mistakes.push(line)) },
    ),
  });
  stack.defer(() => server.close());
  return { port: Number(new URL(server.url).port), model, mistakes };
}

/** Folders in use. A program that exits before they are deleted must delete them. */
export const directories = new Set<string>();

/**
 * Sets a profile up before a server and removes it after `use`, also after an error. @throws an error that names the profile and
 * the reason if the setup fails
 */
export async function through<T>(profile: Profile, port: number, use: (way: Way) => Promise<T>): Promise<T> {
  const missing = [...missingPrograms(profile.programs).values()];
  if (missing.length > 0) throw new ProfileError(profile, missing.join('; '));
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'bidi-sse-gauntlet-'));
  directories.add(directory);
  stack.defer(async () => {
    await rm(directory, { recursive: true, force: true });
    directories.delete(directory);
  });
  let way: Way;
  try {
    way = await profile.open({ port, directory, stack });
  } catch (error) {
    throw new ProfileError(profile, error instanceof Error ? error.message : String(error));
  }
  return await use(way);
}

/** Carries a conversation through a profile. */
export function run(course: Course, profile: Profile, open: OpenTalker, script: Script): Promise<Outcome> {
  return through(profile, course.port, (way) => converse(open, profile, way, course.model, script));
}

/** Error of a profile that could not be set up because a program is missing or does not start. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';

  constructor({ name }: Profile, reason: string) {
    super(`${name}: ${reason}`);
  }
}
