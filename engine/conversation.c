/* Carries an operation's words to the person and the answers back. Keeps no answer: it goes from
 * the packet into locked memory, and the packet is wiped. */
#include "engine/conversation.h"

#include "engine/harden.h"

/* One PROMPT and its ANSWER, which takes the place of the former. */
static bool conversation_exchange(struct conversation *conversation, struct wire_message *message)
{
    harden_deadline(conversation->person_s + CONVERSATION_WORK_S);
    if (wire_send(conversation->fd, message, WIRE_PATIENCE_MS) != 0 ||
        wire_receive(conversation->fd, message, (int)conversation->person_s * 1000) != 0 ||
        message->kind != WIRE_ANSWER)
        conversation->broken = true;
    harden_deadline(CONVERSATION_WORK_S);
    return !conversation->broken;
}

static void conversation_prompt(struct wire_message *message, enum wire_style style,
                                enum wire_remember remember, const char *text)
{
    wire_begin(message, WIRE_PROMPT);
    wire_put_number(message, WIRE_STYLE, style);
    wire_put_number(message, WIRE_REMEMBER, remember);
    wire_put_text(message, WIRE_TEXT, text);
}

static enum wire_remember conversation_remember(enum talk_meaning meaning)
{
    switch (meaning) {
    case TALK_PASSWORD:
        return WIRE_REMEMBER_AUTHTOK;
    case TALK_CURRENT_PASSWORD:
        return WIRE_REMEMBER_OLDAUTHTOK;
    case TALK_ANSWER:
    case TALK_CODE:
        break;
    }
    return WIRE_REMEMBER_NOTHING;
}

/* An empty answer is none: no attempt is made with it. Who has no code goes on without. */
static enum medgl_error conversation_answer(const struct wire_message *message,
                                            enum talk_meaning meaning, struct secret *answer)
{
    const unsigned char *data;
    size_t len;
    if (wire_get_number(message, WIRE_FAILED, 0) != 0)
        return MEDGL_ERR_ABORTED;
    if (wire_get_number(message, WIRE_TOO_LONG, 0) != 0)
        return MEDGL_ERR_ARGUMENT;
    if (!wire_get(message, WIRE_BYTES, &data, &len) || len == 0)
        return meaning == TALK_CODE ? MEDGL_OK : MEDGL_ERR_ABORTED;
    return secret_copy(answer, data, len);
}

static enum medgl_error conversation_ask(void *carrier, enum talk_style style,
                                         enum talk_meaning meaning, const char *prompt,
                                         struct secret *answer)
{
    struct conversation *conversation = carrier;
    auto_clean(wire_wipe) struct wire_message message;
    enum wire_style wire_style = style == TALK_VISIBLE ? WIRE_STYLE_VISIBLE : WIRE_STYLE_SECRET;
    conversation_prompt(&message, wire_style, conversation_remember(meaning), prompt);
    if (conversation->broken || !conversation_exchange(conversation, &message))
        return MEDGL_ERR_ABORTED;
    return conversation_answer(&message, meaning, answer);
}

static void conversation_say(struct conversation *conversation, enum wire_style style,
                             const char *text)
{
    auto_clean(wire_wipe) struct wire_message message; /* a suggested password may be in it */
    conversation->heard = false;
    if (conversation->silent || conversation->broken)
        return;
    conversation_prompt(&message, style, WIRE_REMEMBER_NOTHING, text);
    conversation->heard = conversation_exchange(conversation, &message) &&
                          wire_get_number(&message, WIRE_FAILED, 0) == 0;
}

static void conversation_inform(void *carrier, const char *text)
{
    conversation_say(carrier, WIRE_STYLE_INFO, text);
}

static void conversation_warn(void *carrier, const char *text)
{
    conversation_say(carrier, WIRE_STYLE_ERROR, text);
}

static bool conversation_heard(void *carrier)
{
    const struct conversation *conversation = carrier;
    return conversation->heard;
}

struct talk conversation_talk(struct conversation *conversation)
{
    return (struct talk){
        .carrier = conversation,
        .ask = conversation_ask,
        .inform = conversation_inform,
        .warn = conversation_warn,
        .heard = conversation_heard,
    };
}
