/** Maximum number of UTF-16 units of a text that are shown. The page tells that there is more; copies and exports have all of it. */
export const MAX_SHOWN = 100_000;
