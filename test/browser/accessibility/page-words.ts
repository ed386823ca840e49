/** Names of the controls of the page in one language, and words that tell its state. */
export interface PageWords {
  readonly locale: string;
  readonly live: string;
  readonly message: string;
  readonly attachedPicture: RegExp;
  readonly latest: string;
  readonly moreSources: string;
  readonly dismiss: string;
  readonly settings: string;
  readonly conversations: string;
  readonly closeConversations: string;
  readonly actions: RegExp;
  readonly shortcuts: string;
  readonly export: string;
  readonly inspector: string;
  readonly closeInspector: string;
  readonly startVoice: string;
  readonly speaking: string;
  readonly sound: string;
  readonly camera: string;
  readonly hold: string;
  readonly release: string;
  readonly allow: string;
  readonly refuse: string;
}

export const ENGLISH: PageWords = {
  locale: 'en-GB',
  live: 'Live',
  message: 'Message',
  attachedPicture: /^Attached picture/,
  latest: 'Latest',
  moreSources: '2 more sources',
  dismiss: 'Dismiss',
  settings: 'Settings',
  conversations: 'Conversations',
  closeConversations: 'Close the list',
  actions: /^Actions for/,
  shortcuts: 'Keyboard shortcuts',
  export: 'Copy or export',
  inspector: 'Inspector',
  closeInspector: 'Close the inspector',
  startVoice: 'Start voice',
  speaking: 'Speaking',
  sound: 'Sound',
  camera: 'Show the camera',
  hold: 'Hold to talk',
  release: 'Let go to send',
  allow: 'Allow',
  refuse: 'Don’t allow',
};

export const GERMAN: PageWords = {
  locale: 'de-DE',
  live: 'Verbunden',
  message: 'Nachricht',
  attachedPicture: /^Angehängtes Bild/,
  latest: 'Zum Ende',
  moreSources: '2 weitere Quellen',
  dismiss: 'Schließen',
  settings: 'Einstellungen',
  conversations: 'Gespräche',
  closeConversations: 'Liste schließen',
  actions: /^Aktionen für/,
  shortcuts: 'Tastenkürzel',
  export: 'Kopieren oder exportieren',
  inspector: 'Inspektor',
  closeInspector: 'Inspektor schließen',
  startVoice: 'Sprechen',
  speaking: 'Spricht',
  sound: 'Ton',
  camera: 'Kamera zeigen',
  hold: 'Zum Sprechen halten',
  release: 'Zum Senden loslassen',
  allow: 'Erlauben',
  refuse: 'Nicht erlauben',
};
