/** Excludes the names that the server uses: its process managers are the actors `process:…`. */
export const actorName = /^(?!process:)[^\p{Cc}\p{Cs}]{1,128}$/u;

/** What `actorName` allows, for the messages of errors. */
export const actorNameRule =
  '1 to 128 characters without control characters, not beginning with process:';
