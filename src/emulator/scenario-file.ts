import { readFile } from 'node:fs/promises';
import { readScenario, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * The ready-made scenario of this name, else the one in the JSON file at this path.
 * @throws with the names if there is neither, and with what is wrong with the file
 */
export async function loadScenario(nameOrPath: string): Promise<Scenario> {
  const named: Readonly<Record<string, Scenario>> = SCENARIOS;
  if (Object.hasOwn(named, nameOrPath)) return named[nameOrPath] ?? [];
  const text = await readFile(nameOrPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`There is no scenario "${nameOrPath}", and no file. Scenarios: ${Object.keys(named).join(', ')}.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${nameOrPath} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  return readScenario(value);
}
