/** Models that answer in speech only: the native-audio ones, and all live models of generation 3. The others are half-cascade. */
export function isAudioOnly(model: string): boolean {
  return model.includes('native-audio') || /^gemini-3/.test(model);
}

/** 3.1 takes client content to seed a conversation only, and closes with 1007 for one after the model's first turn. */
export function takesClientContentOnlyAtFirst(model: string): boolean {
  return /^gemini-3\.1/.test(model);
}

/** 3.8 is proactive, whatever is asked, and native-audio models can be; others cannot. */
export function canBeProactive(model: string): boolean {
  return model.includes('native-audio') || isAlwaysProactive(model);
}

export function isAlwaysProactive(model: string): boolean {
  return /^gemini-3\.8/.test(model);
}

export function hasAffectiveDialog(model: string): boolean {
  return model.includes('native-audio');
}

const HALF_CASCADE_VOICES = new Set(['Puck', 'Charon', 'Kore', 'Fenrir', 'Aoede', 'Leda', 'Orus', 'Zephyr']);

/** Half-cascade models have eight voices. What the others have grows, and is not checked. */
export function hasVoice(model: string, voice: string): boolean {
  return isAudioOnly(model) || HALF_CASCADE_VOICES.has(voice);
}
