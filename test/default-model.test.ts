import { expect, test } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { createDefaultModel } from '../src/default-model.ts';
import type { BasicLogger } from '../src/isolation/guarded-logger.ts';

const KEY = { GOOGLE_API_KEY: 'a-key' };

/** Creates the model, and returns what was logged. */
function logOf(env: Record<string, string>, name?: string): unknown[] {
  const lines: unknown[] = [];
  const log = (...line: unknown[]) => lines.push(line);
  const logger: BasicLogger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  createDefaultModel(readConfig(env), name, logger);
  return lines;
}

test.each([
  ['gemini-9-flash-live', '3.8', 'gemini-3.8-live'],
  ['models/gemini-3.2-live-preview', '3.1', 'gemini-3.1-flash-live-preview'],
])('the start with the unknown model %s logs the family whose rules it gets, %s', (model, family, example) => {
  for (const env of [{}, KEY]) {
    expect(logOf(env, model)).toEqual([
      [
        { model, family },
        expect.stringMatching(new RegExp(`treated as the family ${family}, like ${example} .*models\\.md`)),
      ],
    ]);
  }
});

test('the start with a known model logs nothing about its family', () => {
  for (const name of [undefined, 'models/gemini-3.1-flash-live-preview', 'gemini-live-2.5-flash-native-audio'])
    expect(logOf(KEY, name)).toEqual([]);
});

test('a model that AI Studio has switched off is refused there with its successor, and served by other servers and offline', () => {
  const name = 'gemini-live-2.5-flash-preview';
  expect(() => logOf(KEY, name)).toThrow(
    expect.objectContaining({ code: 'model_not_found', hint: expect.stringContaining('gemini-3.8-live') }),
  );
  expect(logOf({ ...KEY, GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9' }, name)).toEqual([]);
  expect(logOf({}, name)).toEqual([]);
});
