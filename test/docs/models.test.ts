import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFamily as findEmulatedFamily } from '../../src/emulator/gemini/family.ts';
import { GEMINI_FAMILIES, type GeminiFamily } from '../../src/models/gemini/family.ts';

const root = new URL('../../', import.meta.url);

test('docs/models.md is what scripts/write-models-doc.mjs writes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-sse-models-'));
  try {
    const page = join(directory, 'page.md');
    execFileSync(process.execPath, ['--no-warnings', 'scripts/write-models-doc.mjs', page], { cwd: root });
    expect(readFileSync(new URL('docs/models.md', root), 'utf8')).toBe(readFileSync(page, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each(Object.values(GEMINI_FAMILIES))(
  'the emulator takes $example for a model of the same family, $name, with the same differences',
  (family) => {
    const emulated = findEmulatedFamily(family.example);
    expect(emulated).toMatchObject({
      name: family.name,
      speaksOnly: family.speaksOnly,
      contentSeedsOnly: family.textAsRealtimeInput,
      endsSpeechAtStreamEnd: family.endOfAudio === 'stream_end',
      readsJsonSchema: family.toolParameters === 'json_schema',
      thinksInBackground: family.exchanges === 'background',
      cancelsByEmptyContent: family.cancel === 'empty_content',
      hasAffectiveDialog: family.affectiveDialog,
      hasLanguage: family.language,
      hasMoreVoices: family.voices?.length !== 8,
      alwaysTranscribes: family.alwaysTranscribes,
      sendsInterimTranscripts: family.interimTranscripts,
      repeatsEmptyResults: family.repeatsEmptyResults,
      resultMedia: family.resultMedia,
      waitsForInput: family.continuesOnInput,
      fillsEmptyTurns: family.emptyTurn === 'filler',
      refusesScheduling: family.scheduling === 'closes',
      proactivity: family.proactivity === 'optional' ? 'supported' : family.proactivity,
      thinkingLevel: describeLevels(family.thinking),
    });
  },
);

/** What the emulator makes of a level of reasoning. */
function describeLevels(thinking: GeminiFamily['thinking']): string {
  if (thinking === 'closes') return 'refused';
  return thinking !== 'ignored' && thinking.defaultLevel !== undefined ? 'required' : 'ignored';
}
