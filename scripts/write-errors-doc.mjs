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

An HTTP error has a true status and a JSON body; a \`failure\` event on the stream has the same body as its data:

\`\`\`json
{"error":"Session not found","code":"session_not_found","retry":true,"hint":"open GET /events/:userId first, with the same ids"}
\`\`\`

\`code\` is for programs and does not change. \`error\` says what was wrong, often more precisely than below; \`hint\` says what to do;
\`retry\` says whether the same request may succeed later as it is. 429 and 503 carry \`Retry-After\`. Nothing of a refused POST was used,
except of an endless audio body, whose pieces go on as they arrive. The live session goes on after every one of these.

## Requests

${table(codes.filter((code) => !isOfTheModel(code)))}

## The model and the agent

These come as \`failure\` events: the POST was accepted, and what it asked for could not be done. The stream stays open. A \`response_…\` is
about one answer, whose \`turn_complete\` follows. After the others the next POST tries again: at once after the first failure, later after
several in a row. What was typed is kept for that; speech is not.

${table(codes.filter(isOfTheModel))}
`,
);
