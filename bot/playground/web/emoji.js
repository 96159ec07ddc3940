// Emoji by their Slack names: the common ones. An unknown name stays as it was typed.

const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋", clap: "👏", pray: "🙏", eyes: "👀", ok_hand: "👌", muscle: "💪",
  smile: "😄", slightly_smiling_face: "🙂", joy: "😂", wink: "😉", thinking_face: "🤔", cry: "😢", sob: "😭", sweat_smile: "😅", heart: "❤️", sunglasses: "😎",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", question: "❓", exclamation: "❗", information_source: "ℹ️", bulb: "💡", bell: "🔔",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰", stopwatch: "⏱️", clock1: "🕐", calendar: "📅", rocket: "🚀", tada: "🎉", sparkles: "✨", fire: "🔥",
  star: "⭐", zap: "⚡", gear: "⚙️", wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", package: "📦", link: "🔗", lock: "🔒", unlock: "🔓", key: "🔑",
  mag: "🔍", memo: "📝", pushpin: "📌", paperclip: "📎", file_folder: "📁", books: "📚", notebook: "📓", bar_chart: "📊", computer: "💻", cloud: "☁️",
  robot_face: "🤖", bug: "🐛", wastebasket: "🗑️", construction: "🚧", stop_sign: "🛑", octagonal_sign: "🛑", arrow_right: "➡️", arrow_forward: "▶️", repeat: "🔁",
  red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", moneybag: "💰", snowflake: "❄️",
};

/** The emoji of this name, else null. Skin tones are ignored. */
export function emoji(name) {
  const plain = name.split("::")[0];
  return Object.hasOwn(EMOJI, plain) ? EMOJI[plain] : null;
}
