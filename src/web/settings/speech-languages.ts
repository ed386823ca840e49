/** Languages of live speech models, as BCP-47 tags. The server does not tell which of them its model has. */
const TAGS: readonly string[] = (
  'ar-EG bn-BD cmn-CN de-DE en-GB en-IN en-US es-ES es-US fr-FR hi-IN id-ID it-IT ' +
  'ja-JP ko-KR mr-IN nl-NL pl-PL pt-BR ro-RO ru-RU ta-IN te-IN th-TH tr-TR uk-UA vi-VN'
).split(' ');

/**
 * Lists the languages with their names, in the order of an alphabet.
 * @param chosen tag that is listed too
 * @param pageLanguage language of the names
 */
export function listSpeechLanguages(chosen: string, pageLanguage: string): readonly (readonly [string, string])[] {
  const names = new Intl.DisplayNames(pageLanguage, { type: 'language' });
  const tags = chosen === '' || TAGS.includes(chosen) ? TAGS : [chosen, ...TAGS];
  const entries = tags.map((tag) => [tag, nameLanguage(names, tag)] as const);
  return entries.sort(([, a], [, b]) => a.localeCompare(b, pageLanguage));
}

function nameLanguage(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    // The text is no language tag. The server says so when it gets it.
    return tag;
  }
}
