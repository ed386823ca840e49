// Writes docs/models.md from the table in src/models/gemini/family.ts and the comments there. Run it after a change: `node scripts/write-models-doc.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { GEMINI_FAMILIES } from '../src/models/gemini/family.ts';
import { RETIRED_MODELS, RETIRED_ON_AI_STUDIO } from '../src/models/gemini/model-names.ts';

const target = process.argv[2] ?? new URL('../docs/models.md', import.meta.url);
const source = readFileSync(new URL('../src/models/gemini/family.ts', import.meta.url), 'utf8');
const families = Object.values(GEMINI_FAMILIES);

/** Properties of `GeminiFamily` with their comment, in order. */
function readProperties() {
  const body = source.slice(source.indexOf('export interface GeminiFamily'), source.indexOf('export type FamilyName'));
  return [...body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)/g)].map(([, comment, key]) => {
    const lines = comment.split('\n').map((line) => line.replace(/^\s*\*?\s?/, '').trim());
    const text = lines
      .filter((line) => !line.startsWith('@see'))
      .join(' ')
      .trim();
    const sources = lines.filter((line) => line.startsWith('@see')).map((line) => line.slice(5));
    return { key, text, sources };
  });
}

function describe(value) {
  if (value === undefined) return 'none';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.length > 8 ? `${value.length}` : value.join(', ');
  if (typeof value === 'object') {
    const { levels, defaultLevel } = value;
    return `${levels.join(', ')}${defaultLevel ? `; must be named, ${defaultLevel} unless set` : ''}`;
  }
  return value;
}

/** Facts in which the families do not differ: what happens, what the server does about it, and the source. */
const SHARED = [
  [
    'A typed message does not see a picture that was sent as video.',
    'A picture of the last 10 s is put into the next typed message, where the family takes pictures within a message.',
    'pydantic-ai, realtime tests; live-api-web-console#35, #99',
  ],
  [
    'The transcript of the user may arrive after the reply and its end.',
    'The transcript is stored before the reply, and is not answered again.',
    'livekit/agents#6914; pipecat#1788, #4108',
  ],
  [
    'Text beside speech is reasoning that leaked; text without speech is an answer.',
    'Text waits until the turn has speech or ends.',
    'livekit/agents-js#2294; livekit/agents#7390',
  ],
  [
    'A call comes as `toolCall`, as a part of the reply, or as both. Vertex AI sends calls without ids.',
    'A call runs once. Results of calls without ids go back in the order of the calls.',
    'mastra#22969',
  ],
  [
    'A turn may end with nothing, without a sound, with the same rejection again and again, or not at all.',
    'The question is asked once more on a fresh connection, then a `failure` follows (`RunConfig.watchdog`).',
    'python-genai#2117; cookbook#1225; live-api-examples#40',
  ],
  [
    'A turn may end for reasons that only new versions of the SDK know.',
    'An unknown reason is a failure if the turn brought nothing. `failure` says `response_withheld` where an answer was withheld.',
    '@google/genai, TurnCompleteReason and FinishReason',
  ],
  [
    'Reasoning is billed and not part of the tokens of the response. Each search query is billed.',
    '`usage` has every count, and `search_queries`.',
    'UsageMetadata and GroundingMetadata in @google/genai; measured by others',
  ],
  [
    'A resumed session may have forgotten the conversation.',
    'With `sessionResumption.reseed` a lost connection is replaced by one that is told the conversation.',
    'agents-js#2507; cookbook#1197; js-genai#1513',
  ],
];

const properties = readProperties().filter(({ key }) => key !== 'example' && key !== 'models');
const row = (cells) => `| ${cells.join(' | ')} |`;
const cell = (family, { key }) => (key === 'voices' && !family.voices ? 'any' : describe(family[key]));

writeFileSync(
  target,
  `# Gemini Live models

The models of Gemini Live belong to five families, which differ in what they accept and how they answer. bidi-sse adapts to the family of the model, so
that a client need not know it; the emulator has the same differences and refuses what the family refuses. The family follows from the name. An unknown
name belongs to the nearest family, and the server logs at its start which one that is.

\`npm start -- --model NAME\` chooses the model: Gemini's own with a key, its emulation without. Speech of every family arrives faster than it plays, and
the turn is complete when it would have been played: \`turn_complete\` may follow seconds after the last words.

This page is the output of \`node scripts/write-models-doc.mjs\`, which reads \`src/models/gemini/family.ts\`; a test compares the two.

[examples/probe.ts](../examples/probe.ts) asks a live model whether the table is right, and prints a line for each property, within two minutes:

\`\`\`sh
GOOGLE_API_KEY=… npx node examples/probe.ts --model gemini-3.8-live
\`\`\`

A setup that is accepted proves that the model does not refuse the field, and not that the model obeys.

| family | models |
|---|---|
${families.map(({ name, models }) => row([name, models.map((model) => `\`${model}\``).join(', ')])).join('\n')}

## Differences

${row(['', ...families.map(({ name }) => name)])}
|${'---|'.repeat(families.length + 1)}
${properties
  .filter(({ key }) => key !== 'name')
  .map((property) =>
    row([`[${property.key}](#${property.key.toLowerCase()})`, ...families.map((family) => cell(family, property))]),
  )
  .join('\n')}

## What they mean

${properties
  .filter(({ key }) => key !== 'name')
  .map(
    ({ key, text, sources }) => `### ${key}\n\n${text}${sources.length > 0 ? `\n\nSource: ${sources.join('; ')}` : ''}`,
  )
  .join('\n\n')}

## The same in all families

| fact | what the server does | source |
|---|---|---|
${SHARED.map(row).join('\n')}

## Retired models

A retired name is refused at start. The hint names the successor.

| retired | use |
|---|---|
${[
  ...Object.entries(RETIRED_MODELS).map(([name, successor]) => [`\`${name}\``, successor]),
  ...Object.entries(RETIRED_ON_AI_STUDIO).map(([name, successor]) => [`\`${name}\`, on AI Studio`, successor]),
]
  .map(([name, successor]) => row([name, `\`${successor}\``]))
  .join('\n')}
`,
);
