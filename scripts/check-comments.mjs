// Holds comments to whole sentences that name their subject: fails when more than 2 % of the comments below a folder open with a pronoun or an
// elliptic word, and lists them. `node scripts/check-comments.mjs [folder ...]`; default: src, scripts, bench and examples.
import { listSourceFiles, readSource } from './source-code.mjs';

/** Greatest share of such comments, in per cent. */
const LIMIT = 2;
/** First words by which a comment refers to a thing without naming it. */
export const ELLIPTIC =
  /^(it|its|itself|one|ones|that|those|what|whatever|which|who|whose|whoever|whom|of|only|until|they|them|their|he|she|his|her|nobody|somebody|nothing|something|the same|both|neither|so much|so many|as it|as they)\b/i;

export function findElliptic(files) {
  const found = files.map((file) => ({
    file,
    comments: readSource(file).comments.filter(({ text }) => isProse(text)),
  }));
  const elliptic = found.flatMap(({ file, comments }) =>
    comments.filter(({ text }) => ELLIPTIC.test(text)).map(({ line, text }) => ({ file, line, text })),
  );
  return { count: found.reduce((sum, { comments }) => sum + comments.length, 0), elliptic };
}

/** Instructions to tools, and comments that begin with a tag, are no prose. */
function isProse(text) {
  return /^[\p{L}"'`“(]/u.test(text) && !/^(biome-ignore|@)/.test(text);
}

if (import.meta.main) {
  const folders = process.argv.length > 2 ? process.argv.slice(2) : ['src', 'scripts', 'bench', 'examples'];
  const { count, elliptic } = findElliptic(folders.flatMap(listSourceFiles));
  const share = count === 0 ? 0 : (100 * elliptic.length) / count;
  const summary = `${count} comments, ${elliptic.length} (${share.toFixed(1)} %) open with a pronoun or an elliptic word; at most ${LIMIT} % may`;
  if (share > LIMIT) {
    for (const { file, line, text } of elliptic) console.error(`${file}:${line}: ${text.slice(0, 100)}`);
    console.error(summary);
    process.exit(1);
  }
  console.log(summary);
}
