/** Upper-case words without digits, as the names of all enumerations of Gemini are. Keys, tokens and project names are not. */
const ENUM_NAME = /^[A-Z]{1,32}(?:_[A-Z]{1,32}){0,9}$/;

/** Whether a value can be a name of one of Gemini's enumerations, which is harmless even if the name is new. */
export function isEnumName(value: unknown): value is string {
  return typeof value === 'string' && ENUM_NAME.test(value);
}
