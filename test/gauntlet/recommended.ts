import { readFileSync } from 'node:fs';

const PAGE = new URL('../../docs/networks.md', import.meta.url);

/**
 * Reads the configuration that docs/networks.md recommends for a product, so that every printed configuration is tested.
 * @param language language of the code block, which is the only one in that language
 * @param addresses replacements of the addresses in the block
 * @throws if the page has no such block, or the block no such address
 */
export function recommended(language: string, addresses: Readonly<Record<string, string>>): string {
  const block = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(readFileSync(PAGE, 'utf8'))?.[1];
  if (block === undefined) throw new Error(`docs/networks.md has no block in ${language}`);
  return Object.entries(addresses).reduce((config, [there, here]) => {
    if (!config.includes(there)) throw new Error(`The block in ${language} of docs/networks.md has no "${there}"`);
    return config.replaceAll(there, here);
  }, block);
}
