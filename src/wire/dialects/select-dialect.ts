import { adkDialect, silentAdkDialect } from './adk.ts';
import { agentScopeDialect, silentAgentScopeDialect } from './agentscope.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { plainDialect, silentPlainDialect } from './plain.ts';

/** A dialect for readers with and without audio. */
interface Variants {
  readonly heard: Dialect;
  readonly silent: Dialect;
}

const DIALECTS: ReadonlyMap<string, Variants> = new Map([
  ['plain', { heard: plainDialect, silent: silentPlainDialect }],
  ['adk', { heard: adkDialect, silent: silentAdkDialect }],
  ['agentscope', { heard: agentScopeDialect, silent: silentAgentScopeDialect }],
]);

/** Names of all dialects, for error messages. */
export const DIALECT_NAMES: readonly string[] = [...DIALECTS.keys()];

/**
 * Finds a dialect by its name.
 * @param hasAudio as in `Dialect`
 * @returns `undefined` if there is no such dialect
 */
export function selectDialect(name: DialectName | (string & {}), hasAudio: boolean): Dialect | undefined {
  const variants = DIALECTS.get(name);
  return hasAudio ? variants?.heard : variants?.silent;
}
