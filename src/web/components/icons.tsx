import type { ComponentChildren } from 'preact';

export function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const MicrophoneIcon = () => (
  <Icon>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </Icon>
);

export const StopIcon = () => (
  <Icon>
    <rect x="6.5" y="6.5" width="11" height="11" rx="2" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M12 19.5V5M6 11l6-6 6 6" />
  </Icon>
);

export const ImageIcon = () => (
  <Icon>
    <rect x="3.5" y="4.5" width="17" height="15" rx="2.5" />
    <circle cx="9" cy="10" r="1.6" />
    <path d="m4.5 17.5 4.6-4.2 3.2 2.7 3.6-3.8 4.4 4.4" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);

export const SignOutIcon = () => (
  <Icon>
    <path d="M13.5 4.5h-6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h6M10.5 12h9.5M16.5 8.5l3.5 3.5-3.5 3.5" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m6.5 6.5 11 11M17.5 6.5l-11 11" />
  </Icon>
);

export const ClockIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);

export const CountIcon = () => (
  <Icon>
    <path d="M4.5 17.5v-7M9.5 17.5V6.5M14.5 17.5v-4M19.5 17.5v-9" />
  </Icon>
);

export const DownIcon = () => (
  <Icon>
    <path d="M12 5v14M6 13l6 6 6-6" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M4 7.5h9M18.5 7.5H20M4 16.5h1.5M11 16.5h9" />
    <circle cx="15.8" cy="7.5" r="2.6" />
    <circle cx="8.2" cy="16.5" r="2.6" />
  </Icon>
);

export const DownloadIcon = () => (
  <Icon>
    <path d="M12 4.5v10M7.5 10.5l4.5 4.5 4.5-4.5M5 19.5h14" />
  </Icon>
);

export const ActivityIcon = () => (
  <Icon>
    <path d="M3.5 12h4l3-7 4 14 3-7h3" />
  </Icon>
);

export const ListIcon = () => (
  <Icon>
    <path d="M5 6.5h14M5 12h14M5 17.5h8" />
  </Icon>
);
