#!/usr/bin/env -S node --max-semi-space-size=16
// `npm start` and the Dockerfile set the same option: by default Node 24 and newer let the young generation grow four times as large (in
// MB) with every session. That costs more memory than the sessions, and longer pauses.
import { inspect } from 'node:util';
import { describeUnsupportedNode } from '../supported-node.mjs';

/** A command of the command line. */
interface CommandModule {
  /** Its options, by name. */
  readonly OPTIONS: Readonly<Record<string, object>>;
  /** @returns the exit status */
  run(args: readonly string[]): Promise<number>;
}

/** Modules of the commands. Only the one that runs is loaded, so that an old Node can still print why it cannot run any. */
const COMMANDS = {
  serve: () => import('./serve.ts'),
  doctor: () => import('./doctor.ts'),
  emulator: () => import('./emulator.ts'),
  health: () => import('./health.ts'),
};

const unsupported = describeUnsupportedNode(process.versions.node);
if (unsupported) {
  console.error(unsupported);
  process.exitCode = 1;
} else {
  process.exitCode = await runCommand(process.argv.slice(2));
}

/** Runs the command that the first argument names; `serve` if there is none, or if it is an option. @returns the exit status */
async function runCommand(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (Object.hasOwn(COMMANDS, name)) return runModule(COMMANDS[name as keyof typeof COMMANDS], rest);
  if (name === '' || name.startsWith('-')) return runModule(COMMANDS.serve, args);
  const { findSimilar } = await import('./find-similar.ts');
  const names = Object.keys(COMMANDS);
  const similar = findSimilar(name, names);
  const question = similar === undefined ? '' : ` Did you mean ${similar}?`;
  console.error(
    `bidi-sse: There is no command ${name}.${question} The commands are ${names.join(', ')}; --help describes them`,
  );
  return 1;
}

async function runModule(load: () => Promise<CommandModule>, args: readonly string[]): Promise<number> {
  const { run, OPTIONS } = await load();
  try {
    return await run(args);
  } catch (error) {
    const { describeUserError } = await import('./describe-user-error.ts');
    const { SecretRedactor } = await import('../log-redaction.ts');
    const description = describeUserError(error, Object.keys(OPTIONS));
    // The stack of an error that is not the user's fault shows where it happened. Errors of HTTP libraries carry credentials.
    const redactor = new SecretRedactor([]);
    console.error(description === undefined ? redactor.redact(inspect(error)) : `bidi-sse: ${description}`);
    return 1;
  }
}
