import { readFile } from 'node:fs/promises';
import { readScenario, type Scenario } from '../scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * Loads a ready-made scenario by name, or else a scenario from a JSON file.
 * @throws if there is no such name and no such file, with the list of names, or if the file holds no valid scenario
 */
export async function loadScenario(nameOrPath: string): Promise<Scenario> {
  const named: Readonly<Record<string, Scenario>> = SCENARIOS;
  if (Object.hasOwn(named, nameOrPath)) return named[nameOrPath] ?? [];
  const text = await readFile(nameOrPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`There is no scenario or file "${nameOrPath}". Scenarios: ${Object.keys(named).join(', ')}.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${nameOrPath} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  return readScenario(value);
}
