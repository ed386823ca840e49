/** An invalid configuration. The message has one line for each invalid variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
