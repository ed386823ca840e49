/** Maximum number of pictures that the page keeps, 2.3 MB each at most. Older ones are shown as a number. */
export const MAX_IMAGES = 20;
