import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import { text } from './config-fields.ts';

type Environment = Record<string, string | undefined>;

/** Fields with a further field `…_FILE` for each. */
type WithFiles<Fields extends Record<string, z.ZodType>> = Fields & {
  [Name in keyof Fields & string as `${Name}_FILE`]: typeof text;
};

export interface SecretsReading {
  /** The environment with the content of each file in the variable of its secret. */
  readonly environment: Environment;
  /** Faults, each as `NAME: what is wrong`. No line repeats a secret. */
  readonly faults: readonly string[];
  /** Texts that must not appear in a log: each secret, and the pieces of those that are lists. */
  readonly secrets: readonly string[];
}

const SUFFIX = '_FILE';
/** Maximum size of a file with a secret, in bytes. */
const MAX_FILE_BYTES = 64 * 1024;
/** Minimum length of a text that is removed from the log, in characters. A shorter one occurs by chance. */
const MIN_SECRET_LENGTH = 8;

/** Declares secrets: each can be given as the variable itself, or as the path of a file in `NAME_FILE`. */
export function withFiles<Fields extends Record<string, z.ZodType>>(fields: Fields): WithFiles<Fields> {
  const files = Object.keys(fields).map((name) => [name + SUFFIX, text]);
  return { ...fields, ...Object.fromEntries(files) };
}

/**
 * Reads the files of secrets, once.
 * @param names names of the fields of the schema; a field with a field `…_FILE` beside it is a secret
 */
export function readSecrets(names: readonly string[], given: Environment): SecretsReading {
  const environment = { ...given };
  const faults: string[] = [];
  const secrets = new Set<string>();
  for (const name of names) {
    const variable = name + SUFFIX;
    if (!names.includes(variable)) continue;
    const path = given[variable]?.trim() ?? '';
    if (path !== '') {
      try {
        if ((given[name]?.trim() ?? '') !== '') throw new Error(`${name} is set too; set one of the two`);
        environment[name] = readSecretFile(path);
      } catch (error) {
        faults.push(`${variable}: ${(error as Error).message}`); // thrown above, or by readSecretFile
      }
    }
    for (const secret of splitSecret(environment[name] ?? '')) secrets.add(secret);
  }
  return { environment, faults, secrets: [...secrets] };
}

/** @returns the text of a file without a line break at its end @throws {Error} whose message names the path, and nothing of the content */
function readSecretFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException; // readFileSync throws nothing else
    throw new Error(`cannot read ${path} (${code})`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw new Error(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
  const content = bytes.toString().replace(/\r?\n$/, '');
  if (content.trim() === '') throw new Error(`${path} is empty`);
  return content;
}

/** Splits a list of secrets, such as `user:token,user:token`. */
function splitSecret(value: string): string[] {
  const whole = value.trim();
  const pieces = [whole, ...whole.split(/[\s,]+/).flatMap((entry) => [entry, entry.slice(entry.indexOf(':') + 1)])];
  return pieces.filter((piece) => piece.length >= MIN_SECRET_LENGTH);
}
