//! The numbers of the edges, as they stand in the `reference` table. A number is never given to another
//! edge; a new edge takes the next free one of its block.

use crate::kind::EdgeNumber;

macro_rules! edges {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: EdgeNumber = EdgeNumber($number);)*
    };
}

edges! {
    /// `optionSet.options` and `option.optionSet`.
    OPTION_SET_OPTIONS = 1;
    /// `attribute.optionSet`.
    ATTRIBUTE_OPTION_SET = 2;

    /// `user.userRoles` and `userRole.users`.
    USER_ROLES = 10;
    /// `userGroup.users` and `user.userGroups`.
    USER_GROUP_USERS = 11;
    /// `userGroup.managedGroups` and `userGroup.managedByGroups`.
    USER_GROUP_MANAGED = 12;
    /// `user.organisationUnits` and `organisationUnit.users`.
    USER_UNITS = 13;
    /// `user.dataViewOrganisationUnits`.
    USER_DATA_VIEW_UNITS = 14;
    /// `user.teiSearchOrganisationUnits`.
    USER_SEARCH_UNITS = 15;
    /// `user.catDimensionConstraints`.
    USER_CATEGORY_CONSTRAINTS = 16;

    /// `organisationUnit.parent` and `organisationUnit.children`.
    UNIT_PARENT = 20;
    /// `organisationUnitGroup.organisationUnits` and `organisationUnit.organisationUnitGroups`.
    UNIT_GROUP_UNITS = 21;
    /// `organisationUnitGroupSet.organisationUnitGroups` and `organisationUnitGroup.groupSets`.
    UNIT_GROUP_SET_GROUPS = 22;

    /// `categoryOption.organisationUnits`.
    CATEGORY_OPTION_UNITS = 30;
    /// `category.categoryOptions` and `categoryOption.categories`.
    CATEGORY_OPTIONS = 31;
    /// `categoryCombo.categories` and `category.categoryCombos`.
    CATEGORY_COMBO_CATEGORIES = 32;
    /// `categoryOptionCombo.categoryCombo` and `categoryCombo.categoryOptionCombos`.
    OPTION_COMBO_COMBO = 33;
    /// `categoryOptionCombo.categoryOptions` and `categoryOption.categoryOptionCombos`.
    OPTION_COMBO_OPTIONS = 34;

    /// `dataElement.categoryCombo`.
    DATA_ELEMENT_COMBO = 40;
    /// `dataElement.optionSet`.
    DATA_ELEMENT_OPTION_SET = 41;
    /// `dataElement.commentOptionSet`.
    DATA_ELEMENT_COMMENT_OPTION_SET = 42;
    /// `dataElementGroup.dataElements` and `dataElement.dataElementGroups`.
    DATA_ELEMENT_GROUP_ELEMENTS = 43;

    /// `dataSet.categoryCombo`.
    DATA_SET_COMBO = 50;
    /// `dataSet.organisationUnits` and `organisationUnit.dataSets`.
    DATA_SET_UNITS = 51;
    /// `dataSet.dataSetElements.dataElement` and `dataElement.dataSetElements`.
    DATA_SET_ELEMENT = 52;
    /// `dataSet.dataSetElements.categoryCombo`.
    DATA_SET_ELEMENT_COMBO = 53;
    /// `dataSet.compulsoryDataElementOperands.dataElement`.
    DATA_SET_OPERAND_ELEMENT = 54;
    /// `dataSet.compulsoryDataElementOperands.categoryOptionCombo`.
    DATA_SET_OPERAND_OPTION_COMBO = 55;
    /// `dataSet.notificationRecipients`.
    DATA_SET_RECIPIENTS = 56;

    /// `oAuth2Client.actsAs`.
    CLIENT_ACTS_AS = 60;
}
