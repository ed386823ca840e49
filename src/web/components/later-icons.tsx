// Icons of scripts that are loaded later, so that the first one does not have them.
import { Icon } from './icons.tsx';

export const MutedIcon = () => (
  <Icon>
    <path d="M15 9.5V6a3 3 0 0 0-5.8-1M9 9v2a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5a6.5 6.5 0 0 1-.5 2.5M12 18v3M4 4l16 16" />
  </Icon>
);

export const ToolIcon = () => (
  <Icon>
    <path d="M14.6 6.4a4 4 0 0 1 5-1.1l-2.6 2.6 1.6 1.6 2.6-2.6a4 4 0 0 1-5.3 5L9 18.7a2 2 0 0 1-2.9 0l-.8-.8a2 2 0 0 1 0-2.9l6.9-6.9a4 4 0 0 1 2.4-1.7z" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="8.5" y="8.5" width="11" height="11" rx="2.5" />
    <path d="M15.5 8.5V7A2.5 2.5 0 0 0 13 4.5H7A2.5 2.5 0 0 0 4.5 7v6A2.5 2.5 0 0 0 7 15.5h1.5" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);

export const ChevronIcon = () => (
  <Icon>
    <path d="m6.5 9.5 5.5 5.5 5.5-5.5" />
  </Icon>
);
