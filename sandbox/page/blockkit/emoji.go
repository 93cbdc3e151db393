package blockkit

import "strings"

// emojiList pairs Slack's names with characters, one pair a line. It holds what bots commonly write.
const emojiList = `
+1 👍
-1 👎
thumbsup 👍
thumbsdown 👎
ok_hand 👌
wave 👋
clap 👏
raised_hands 🙌
raised_hand ✋
pray 🙏
muscle 💪
point_right 👉
point_left 👈
point_up 👆
point_down 👇
writing_hand ✍️
eyes 👀
brain 🧠
smile 😄
grinning 😀
slightly_smiling_face 🙂
smiley 😃
wink 😉
joy 😂
thinking_face 🤔
neutral_face 😐
cry 😢
sob 😭
scream 😱
sunglasses 😎
face_with_monocle 🧐
sleeping 😴
skull 💀
ghost 👻
robot_face 🤖
bust_in_silhouette 👤
busts_in_silhouette 👥
detective 🕵️
guardsman 💂
heart ❤️
green_heart 💚
blue_heart 💙
broken_heart 💔
100 💯
boom 💥
fire 🔥
sparkles ✨
star ⭐
zap ⚡
tada 🎉
confetti_ball 🎊
balloon 🎈
gift 🎁
trophy 🏆
dart 🎯
rocket 🚀
airplane ✈️
car 🚗
house 🏠
office 🏢
factory 🏭
bank 🏦
white_check_mark ✅
heavy_check_mark ✔️
ballot_box_with_check ☑️
x ❌
negative_squared_cross_mark ❎
heavy_multiplication_x ✖️
heavy_plus_sign ➕
heavy_minus_sign ➖
question ❓
grey_question ❔
exclamation ❗
grey_exclamation ❕
bangbang ‼️
warning ⚠️
no_entry ⛔
no_entry_sign 🚫
octagonal_sign 🛑
rotating_light 🚨
construction 🚧
sos 🆘
information_source ℹ️
new 🆕
ok 🆗
recycle ♻️
arrows_counterclockwise 🔄
arrows_clockwise 🔃
repeat 🔁
leftwards_arrow_with_hook ↩️
arrow_right_hook ↪️
arrow_right ➡️
arrow_left ⬅️
arrow_up ⬆️
arrow_down ⬇️
arrow_upper_right ↗️
arrow_forward ▶️
double_vertical_bar ⏸️
black_square_for_stop ⏹️
fast_forward ⏩
back 🔙
soon 🔜
end 🔚
hourglass ⌛
hourglass_flowing_sand ⏳
alarm_clock ⏰
stopwatch ⏱️
timer_clock ⏲️
watch ⌚
clock1 🕐
clock3 🕒
clock9 🕘
clock12 🕛
calendar 📆
date 📅
spiral_calendar_pad 🗓️
bell 🔔
no_bell 🔕
mega 📣
loudspeaker 📢
speech_balloon 💬
thought_balloon 💭
lock 🔒
unlock 🔓
closed_lock_with_key 🔐
lock_with_ink_pen 🔏
key 🔑
old_key 🗝️
shield 🛡️
passport_control 🛂
identification_card 🪪
ticket 🎫
admission_tickets 🎟️
door 🚪
checkered_flag 🏁
triangular_flag_on_post 🚩
white_flag 🏳️
gear ⚙️
hammer 🔨
wrench 🔧
hammer_and_wrench 🛠️
nut_and_bolt 🔩
toolbox 🧰
electric_plug 🔌
battery 🔋
bulb 💡
mag 🔍
mag_right 🔎
link 🔗
paperclip 📎
pushpin 📌
round_pushpin 📍
clipboard 📋
memo 📝
pencil 📝
pencil2 ✏️
page_facing_up 📄
page_with_curl 📃
bookmark_tabs 📑
receipt 🧾
scroll 📜
books 📚
book 📖
file_folder 📁
open_file_folder 📂
card_index_dividers 🗂️
file_cabinet 🗄️
wastebasket 🗑️
package 📦
inbox_tray 📥
outbox_tray 📤
email 📧
envelope ✉️
incoming_envelope 📨
mailbox 📫
newspaper 📰
computer 💻
desktop_computer 🖥️
keyboard ⌨️
iphone 📱
telephone_receiver 📞
floppy_disk 💾
cloud ☁️
sunny ☀️
rainbow 🌈
snowflake ❄️
earth_africa 🌍
globe_with_meridians 🌐
seedling 🌱
evergreen_tree 🌲
bug 🐛
beetle 🐞
snail 🐌
turtle 🐢
owl 🦉
cat 🐱
dog 🐶
unicorn_face 🦄
coffee ☕
pizza 🍕
cake 🍰
beers 🍻
money_with_wings 💸
moneybag 💰
credit_card 💳
chart_with_upwards_trend 📈
chart_with_downwards_trend 📉
bar_chart 📊
red_circle 🔴
large_orange_circle 🟠
large_yellow_circle 🟡
large_green_circle 🟢
large_blue_circle 🔵
large_purple_circle 🟣
large_brown_circle 🟤
white_circle ⚪
black_circle ⚫
radio_button 🔘
large_red_square 🟥
large_orange_square 🟧
large_yellow_square 🟨
large_green_square 🟩
large_blue_square 🟦
white_large_square ⬜
black_large_square ⬛
large_orange_diamond 🔶
large_blue_diamond 🔷
small_orange_diamond 🔸
small_blue_diamond 🔹
small_red_triangle 🔺
one 1️⃣
two 2️⃣
three 3️⃣
four 4️⃣
five 5️⃣
`

// emoji is the character of a name; "" if it is not in the list.
func emoji(name string) string {
	_, rest, ok := strings.Cut(emojiList, "\n"+name+" ")
	if !ok || name == "" {
		return ""
	}
	character, _, _ := strings.Cut(rest, "\n")
	return character
}

// codeAt reads a :code: that begins s, with a skin tone if one follows. n is 0 if it is none that we know.
func codeAt(s string) (name, character string, n int) {
	name, ok := codeName(s)
	if !ok {
		return "", "", 0
	}
	character = emoji(name)
	if character == "" {
		return "", "", 0
	}
	n = len(name) + 2
	if tone, ok := codeName(s[n:]); ok && len(tone) == len("skin-tone-2") && strings.HasPrefix(tone, "skin-tone-") {
		if c := tone[len(tone)-1]; c >= '2' && c <= '6' {
			character += string(rune(0x1F3FB + int(c-'2')))
			n += len(tone) + 2
		}
	}
	return name, character, n
}

// codeName reads the name between two colons.
func codeName(s string) (string, bool) {
	if !strings.HasPrefix(s, ":") {
		return "", false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':':
			return s[1:i], i > 1
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("_+-'", c) >= 0:
		default:
			return "", false
		}
	}
	return "", false
}

// emojiAt draws a :code: that begins s.
func emojiAt(s string) (html string, n int) {
	name, character, n := codeAt(s)
	if n == 0 {
		return "", 0
	}
	return emojiHTML(name, character), n
}

func emojiHTML(name, character string) string {
	return start("span", attr("class", "bk-emoji"), attr("role", "img"), attr("aria-label", strings.ReplaceAll(name, "_", " ")),
		attr("title", ":"+name+":")) + escape(character) + "</span>"
}

// emojiShown puts characters in place of the codes that we know.
func emojiShown(s string) string {
	return replaceCodes(s, func(s string) string { return s }, func(_, character string) string { return character })
}

// plain draws literal text; with codes, :codes: are emoji.
func plain(s string, codes bool) string {
	lines := func(s string) string { return strings.ReplaceAll(escape(s), "\n", "<br>") }
	if !codes {
		return lines(s)
	}
	return replaceCodes(s, lines, emojiHTML)
}

// replaceCodes passes the codes that we know through one function, and what is between through another.
func replaceCodes(s string, between func(string) string, code func(name, character string) string) string {
	var b strings.Builder
	from := 0
	for at := 0; at < len(s); {
		if s[at] == ':' {
			if name, character, n := codeAt(s[at:]); n > 0 {
				b.WriteString(between(s[from:at]) + code(name, character))
				at += n
				from = at
				continue
			}
		}
		at++
	}
	return b.String() + between(s[from:])
}
