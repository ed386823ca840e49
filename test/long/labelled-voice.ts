/** Bytes of a millisecond of what a microphone gives, and of what the model speaks: PCM16 mono. */
const UP_BYTES = 32;
const DOWN_BYTES = 48;

/** Speech that says whose it is: its bytes are its label, over and over. */
export function voiceUp(label: string, ms: number): Buffer {
  return labelled(label, ms * UP_BYTES);
}

export function voiceDown(label: string, ms: number): Buffer {
  return labelled(label, ms * DOWN_BYTES);
}

/** Reads the label of base64 speech, if the speech is complete. Tests compare labels, because a diff of base64 is unreadable. */
export function readLabel(data: string): string {
  const speech = Buffer.from(data, 'base64');
  const label = speech.toString('latin1', 0, speech.indexOf(';')).trimEnd();
  return `${label}, ${speech.equals(labelled(label, speech.length)) ? speech.length : 'broken'}`;
}

/** 16 bytes a label: wherever speech is cut into pieces, a piece begins with its label. */
function labelled(label: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${label.padEnd(15)};`);
}
