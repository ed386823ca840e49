// Writes docs/errors.md from the error catalogue. Run it after a change there: `node scripts/write-errors-doc.mjs`.
import { writeFileSync } from 'node:fs';
import { errorCatalogue } from '../src/wire/error-catalogue.ts';

const codes = Object.keys(errorCatalogue);
const isOfTheModel = (code) => /^(model|response|agent)_/.test(code);

const table = (rows) =>
  [
    '| code | status | retry | error | what to do |',
    '|---|---|---|---|---|',
    ...rows.map((code) => {
      const { status, retry, error, hint = '' } = errorCatalogue[code];
      return `| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} | ${error} | ${hint.replaceAll('|', '\\|')} |`;
    }),
  ].join('\n');

writeFileSync(
  new URL('../docs/errors.md', import.meta.url),
  `# Errors

An HTTP error has the right status and a JSON body; a \`failure\` event on the stream has the same body as its data:

\`\`\`json
{"error":"Session not found","code":"session_not_found","retry":true,"hint":"open GET /events/:userId first, with the same ids"}
\`\`\`

\`code\` is for programs and does not change. \`error\` describes the fault, often more precisely than below; \`hint\` describes the remedy;
\`retry\` is true if the same request may succeed later. 429 and 503 have \`Retry-After\`. The server uses nothing of a rejected POST, except of
endless audio, whose pieces it forwards as they arrive. The live session continues after each of these errors.

## Requests

${table(codes.filter((code) => !isOfTheModel(code)))}

## The model and the agent

These errors arrive as \`failure\` events: the server has accepted the POST, and the agent could not answer it. The stream stays open. A
\`response_…\` error concerns one answer, whose \`turn_complete\` follows. After every other error the next POST tries again: at once after the first
failure, later after several in a row. The server keeps typed text for that attempt, and discards speech.

${table(codes.filter(isOfTheModel))}
`,
);
