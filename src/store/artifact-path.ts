/** Characters that every file system has, and that do not differ only by case. */
const PLAIN = /[a-z0-9_-]/;
/** Maximum length of one name, in bytes: file systems allow 255. A longer name continues in a folder. */
const MAX_NAME = 180;
/** End of the name of a folder in which a longer name continues. No encoded name contains it. */
const CONTINUED = '%+';
/** Names of devices of Windows, with or without an extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/;

/**
 * Encodes any text as a relative path of one or more names. Different texts have different paths, on file systems that ignore case too, and no path
 * leaves its folder or names a device. The characters `a-z 0-9 _ -` stay, and so does a dot within a name; every other byte of UTF-8 is `%` and two
 * digits.
 * @param text well-formed, not empty
 * @returns names of folders, and the last name
 */
export function encodePath(text: string): string[] {
  const encoded = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return PLAIN.test(character) || character === '.' ? character : encodeByte(byte);
  });
  const names: string[] = [];
  let name = '';
  for (const each of encoded) {
    if (name.length + each.length > MAX_NAME) {
      names.push(`${protectName(name)}${CONTINUED}`);
      name = '';
    }
    name += each;
  }
  return [...names, protectName(name)];
}

/** Decodes the names that `encodePath` has returned. @returns `undefined` if they are not of that form */
export function decodePath(names: readonly string[]): string | undefined {
  const joined = names.map((name) => (isContinued(name) ? name.slice(0, -CONTINUED.length) : name)).join('');
  try {
    const text = decodeURIComponent(joined);
    return encodePath(text).join('/') === names.join('/') ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a name is that of a folder in which a longer name continues. */
export function isContinued(name: string): boolean {
  return name.endsWith(CONTINUED);
}

/** Encodes a dot at either end, and the first letter of a device. */
function protectName(name: string): string {
  const dotted = name.replace(/^\.|\.$/g, encodeByte(0x2e));
  return DEVICE.test(dotted) ? `${encodeByte(dotted.charCodeAt(0))}${dotted.slice(1)}` : dotted;
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}
